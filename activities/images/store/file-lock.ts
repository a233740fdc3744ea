import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, rmSync, statSync } from 'node:fs';
import { findTool } from '../../host/program.js';

/**
 * A lock between processes that ends with its holder, however that ends. It is the kernel's flock(2), which Node.js has
 * no call for: flock(1) is handed our open file and takes the lock on it, and as the lock belongs to the open file and
 * not to a process, it stays ours when flock(1) has gone. Two holders within one process exclude each other as well.
 */
export class FileLock {
  private constructor(
    private readonly file: string,
    private readonly descriptor: number,
  ) {}

  /** Waits for its turn. Rejects with the signal's reason. */
  static async take(file: string, signal?: AbortSignal): Promise<FileLock> {
    for (;;) {
      const lock = new FileLock(file, openSync(file, 'a', 0o600));
      try {
        if ((await lock.flock([], signal)) && lock.isCurrent) return lock;
      } catch (error) {
        lock.release();
        throw error;
      }
      lock.release();
    }
  }

  /** @returns undefined where somebody else holds it. */
  static async tryTake(file: string): Promise<FileLock | undefined> {
    for (;;) {
      const lock = new FileLock(file, openSync(file, 'a', 0o600));
      const taken = await lock.flock(['--nonblock']).catch((error: unknown) => {
        lock.release();
        throw error;
      });
      if (taken && lock.isCurrent) return lock;
      lock.release();
      if (!taken) return undefined;
    }
  }

  release(): void {
    closeSync(this.descriptor);
  }

  /** Takes the file away as well: who waits for it sees that, and makes a new one. */
  removeAndRelease(): void {
    rmSync(this.file, { force: true });
    this.release();
  }

  /** Whether the file that is locked is still the one of that name. */
  private get isCurrent(): boolean {
    const now = statSync(this.file, { throwIfNoEntry: false });
    return now !== undefined && now.ino === fstatSync(this.descriptor).ino;
  }

  private flock(options: readonly string[], signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const child = spawn(findTool('flock'), ['--exclusive', ...options, '3'], {
        stdio: ['ignore', 'ignore', 'ignore', this.descriptor],
      });
      const abort = () => child.kill();
      signal?.addEventListener('abort', abort);
      child.once('error', reject);
      child.once('exit', (code) => {
        signal?.removeEventListener('abort', abort);
        if (signal?.aborted) reject(signal.reason);
        else if (code === 0 || code === 1) resolve(code === 0);
        else reject(new Error(`flock of ${this.file} ended with ${code ?? 'a signal'}`));
      });
    });
  }
}
