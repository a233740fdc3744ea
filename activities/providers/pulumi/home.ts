import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isFolderName } from '../../host/atomic.js';
import { Generations } from '../../host/generations.js';
import { LogFile } from '../../log-file.js';

/** What the outputs of a template say: who wakes and stops the instance, with which settings. */
export interface Outputs {
  readonly provider: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly endpoint?: { readonly host?: string; readonly port?: number | 'auto' };
}

/** The last `up` that came to its end (infra/runner writes it). */
export interface StackRecord {
  /** Names the template and the arguments that it was done with. */
  readonly wanted: string;
  readonly outputs: Outputs;
}

/**
 * What the state folder keeps of one resource's stack: `lock` (flock(1)), `fence.json`, `begun` while anything of it may
 * exist, `stack.json`, `engines` while an operation is under way or was cut off, `project` (the stack's settings),
 * `generations`, `log`.
 */
export class PulumiHome {
  readonly lock: string;
  readonly scratch: string;
  readonly log: LogFile;
  readonly generations: Generations;

  constructor(readonly folder: string) {
    this.lock = join(folder, 'lock');
    this.scratch = join(folder, 'scratch');
    this.generations = new Generations(join(folder, 'generations'));
    this.log = new LogFile(join(folder, 'log'), this.scratch);
  }

  /** Of all resources that ever had one. */
  static names(parent: string): string[] {
    try {
      return readdirSync(parent).filter(
        (name) => isFolderName(name) && existsSync(join(parent, name, 'lock')),
      );
    } catch {
      return [];
    }
  }

  prepare(): void {
    mkdirSync(this.scratch, { recursive: true, mode: 0o700 });
  }

  /** Undefined where the stack is not up, or was taken down in part. */
  record(): StackRecord | undefined {
    try {
      return JSON.parse(readFileSync(join(this.folder, 'stack.json'), 'utf8')) as StackRecord;
    } catch {
      return undefined;
    }
  }

  /** Whether anything of the stack may exist. */
  get isBegun(): boolean {
    return existsSync(join(this.folder, 'begun'));
  }

  /** After a delete: all but what keeps the late from bringing it back, and the log. */
  clear(): void {
    for (const part of ['project', 'bin', 'engines', 'site'])
      rmSync(join(this.folder, part), { recursive: true, force: true });
  }
}
