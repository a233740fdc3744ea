import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { ReveilleError } from '../../../errors/index.js';
import type { Endpoint } from '../../../workflows/messages.js';
import { createOnce, isFolderName, readIfThere } from '../../host/atomic.js';
import { LogFile } from '../../log-file.js';

/** What a generation runs as. Created once and never changed. */
export interface CommandRecord {
  readonly generation: number;
  /** Names what was started: kept where a younger generation takes it over. */
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly revision: string;
  /** It ran before this generation took it. */
  readonly adopted: boolean;
  readonly params?: Record<string, string>;
}

/** Of a command's output, this much is looked at for its first line. */
const LINE_BYTES = 4096;
/** Results of older generations that are kept, so that late comers find them. */
const KEPT = 20;
/** Results of connections of one generation that are kept: a retry comes at once or never. */
const KEPT_CONNECTIONS = 100;
/** What keeps late comers away. */
const LASTING = /^(lock|generation|tmp|\d+\.ending)$/;

/**
 * What this host keeps of one resource, in `<state>/command/<name>/`. The shim (locked.ts) writes, under its lock:
 * `generation`, the youngest that counts; `active`, while something may run; `G.ending`, once G is being stopped;
 * `KEY.out` and `KEY.done`, what a command printed and its exit code. `G.json` is the worker's: a CommandRecord.
 */
export class CommandHome {
  readonly scratch: string;
  readonly log: LogFile;

  /** @throws ReveilleError RESOURCE_UNKNOWN where the name cannot be a folder's. */
  constructor(
    readonly name: string,
    readonly folder: string,
  ) {
    if (!isFolderName(name)) throw new ReveilleError('RESOURCE_UNKNOWN');
    this.scratch = join(folder, 'tmp');
    this.log = new LogFile(join(folder, 'log'), this.scratch);
  }

  prepare(): void {
    mkdirSync(this.scratch, { recursive: true, mode: 0o700 });
  }

  /** Whether something may run: a start has begun, and no stop has succeeded since. */
  get isActive(): boolean {
    return existsSync(join(this.folder, 'active'));
  }

  read(generation: number): CommandRecord | undefined {
    const text = readIfThere(join(this.folder, `${generation}.json`));
    if (text === undefined) return undefined;
    try {
      return { ...(JSON.parse(text) as Omit<CommandRecord, 'generation'>), generation };
    } catch {
      // Lost in a crash of the host.
      return undefined;
    }
  }

  /** @returns the record of that generation: this one, or the one that was there. */
  record(made: CommandRecord): CommandRecord {
    const { generation, ...rest } = made;
    createOnce(join(this.folder, `${generation}.json`), JSON.stringify(rest), this.scratch);
    return this.read(generation) ?? made;
  }

  /** What runs, as far as is known here: the youngest record, while something may run. */
  running(): CommandRecord | undefined {
    if (!this.isActive) return undefined;
    for (const generation of this.generations()) {
      const record = this.read(generation);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  isEnding(generation: number): boolean {
    return existsSync(join(this.folder, `${generation}.ending`));
  }

  /** The first line that a command printed, without blanks around it. */
  firstLine(key: string): string {
    const file = join(this.folder, `${key}.out`);
    if (!existsSync(file)) return '';
    const fd = openSync(file, 'r');
    try {
      const bytes = Buffer.alloc(LINE_BYTES);
      const text = bytes.toString('utf8', 0, readSync(fd, bytes, 0, LINE_BYTES, 0));
      return (text.split('\n', 1)[0] ?? '').trim();
    } finally {
      closeSync(fd);
    }
  }

  /** Forgets results that nobody can come back to. */
  prune(): void {
    const old = new Set(this.generations().slice(KEPT).map(String));
    const entries = this.entries();
    for (const entry of entries) if (old.has(entry.split('.', 1)[0] ?? '')) this.remove(entry);
    const connections = entries.filter((entry) => /^\d+\.connect-/.test(entry) && !old.has(entry));
    const byAge = connections.map((entry) => ({ entry, at: this.stat(entry)?.mtimeMs ?? 0 }));
    byAge.sort((a, b) => b.at - a.at);
    for (const { entry } of byAge.slice(2 * KEPT_CONNECTIONS)) this.remove(entry);
  }

  /** What something in the background still prints to where its first line was read is kept in bounds. */
  async bound(limit: number): Promise<void> {
    await this.log.rotate(limit);
    for (const entry of this.entries()) {
      if (entry.endsWith('.out') && (this.stat(entry)?.size ?? 0) > limit)
        truncateSync(join(this.folder, entry), 0);
    }
  }

  /** Whether there is anything that `clear` would remove. */
  get isKept(): boolean {
    return this.entries().some((entry) => !LASTING.test(entry));
  }

  /** Removes all but what keeps late comers away. */
  clear(): void {
    for (const entry of this.entries()) if (!LASTING.test(entry)) this.remove(entry);
  }

  /** Youngest first. */
  private generations(): number[] {
    const numbers = this.entries().map((entry) => Number.parseInt(entry, 10));
    return [...new Set(numbers.filter(Number.isSafeInteger))].sort((a, b) => b - a);
  }

  private entries(): string[] {
    try {
      return readdirSync(this.folder);
    } catch {
      return [];
    }
  }

  private stat(entry: string) {
    return statSync(join(this.folder, entry), { throwIfNoEntry: false });
  }

  private remove(entry: string): void {
    rmSync(join(this.folder, entry), { recursive: true, force: true });
  }
}
