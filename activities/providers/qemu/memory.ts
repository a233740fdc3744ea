import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere, replaceFile } from '../../host/atomic.js';
import type { Home } from '../../host/groups/home.js';

/** Names in the machine's working directory, fit for a shell's command line. */
export const SAVED = 'memory';
export const UNFINISHED = 'memory.part';
const NOTE = 'memory.json';

interface Note {
  /** Whose memory it is. */
  generation: number;
  /** Only the same definition makes the machine that it fits in. */
  revision: string;
  /** The generation that has begun to go on with it. */
  tried?: number;
}

/**
 * The memory of a suspended machine, in files of its folder. Once the machine has gone on with it, it is worthless and
 * dangerous: the disk has changed since. So it is removed before the machine goes on, and used by one generation only.
 */
export class Memory {
  constructor(private readonly home: Home) {}

  /** QEMU has written all of it; what is left is its own end. */
  note(generation: number, revision: string): void {
    this.write({ generation, revision });
  }

  /**
   * To be called once QEMU and what it wrote through have ended.
   * @returns whether the memory of that generation is whole.
   */
  settle(generation: number): boolean {
    if (this.read()?.generation !== generation) return false;
    if (existsSync(this.path(UNFINISHED))) renameSync(this.path(UNFINISHED), this.path(SAVED));
    return existsSync(this.path(SAVED));
  }

  /**
   * To be called when no machine of the resource runs.
   * @returns whether this generation goes on with a saved memory. What it cannot use is removed.
   */
  take(generation: number, revision: string): boolean {
    const note = this.read();
    const isUsable =
      note?.revision === revision &&
      (note.tried === undefined || note.tried === generation) &&
      this.settle(note.generation);
    if (note && isUsable) this.write({ ...note, tried: generation });
    else this.remove();
    return isUsable;
  }

  /** Removes it where it is that generation's. */
  discard(generation: number): void {
    if (this.read()?.generation === generation) this.remove();
  }

  remove(): void {
    for (const name of [SAVED, UNFINISHED, NOTE]) rmSync(this.path(name), { force: true });
  }

  private path(name: string): string {
    return join(this.home.folder, name);
  }

  private write(note: Note): void {
    replaceFile(this.path(NOTE), JSON.stringify(note), this.home.claims.scratch);
  }

  private read(): Note | undefined {
    try {
      return JSON.parse(readIfThere(this.path(NOTE)) ?? '') as Note;
    } catch {
      // None, or lost in a crash of the host: no memory is better than a wrong one.
      return undefined;
    }
  }
}
