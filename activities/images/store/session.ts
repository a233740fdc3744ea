import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { FileLock } from './file-lock.js';
import type { Layout } from './layout.js';
import type { Records } from './records.js';

/**
 * That a process has the store open: a file that it holds locked. One that nobody holds is of a process, or a host,
 * that ended before it closed the store; what was checked before that is found out is checked again.
 */
export class Session {
  private constructor(
    readonly id: string,
    private readonly lock: FileLock,
  ) {}

  /** Needs the lock of the store. */
  static async open(layout: Layout, records: Records): Promise<Session> {
    for (const entry of layout.entries('sessions')) {
      const left = await FileLock.tryTake(join(layout.sessions, entry));
      if (left === undefined) continue;
      records.markSuspect(Date.now());
      left.removeAndRelease();
    }
    const id = randomUUID();
    return new Session(id, await FileLock.take(join(layout.sessions, id)));
  }

  /** Ids of those that live. Needs the lock of the store. */
  static async living(layout: Layout): Promise<ReadonlySet<string>> {
    const living = new Set<string>();
    for (const entry of layout.entries('sessions')) {
      const left = await FileLock.tryTake(join(layout.sessions, entry));
      if (left === undefined) living.add(entry);
      // It stays for the next that opens the store to find.
      left?.release();
    }
    return living;
  }

  /** Needs the lock of the store. */
  close(): void {
    this.lock.removeAndRelease();
  }
}
