import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ReveilleError } from '../../../errors/index.js';
import { LogFile } from '../../log-file.js';
import { isFolderName, readIfThere, replaceFile } from '../atomic.js';
import { Claims, type RunClaim } from './claims.js';
import type { Group } from './group.js';

/** What keeps late comers away, and what belongs to it. */
const LASTING = new Set(['claims', 'tmp']);

/** What this host keeps of one resource, in `<state>/process/<name>/`. */
export class Home {
  readonly claims: Claims;
  readonly log: LogFile;

  /** @throws ReveilleError RESOURCE_UNKNOWN where the name cannot be a folder's. */
  constructor(
    readonly name: string,
    /** Absolute. */
    readonly folder: string,
  ) {
    if (!isFolderName(name)) throw new ReveilleError('RESOURCE_UNKNOWN');
    this.claims = new Claims(folder);
    this.log = new LogFile(join(folder, 'log'), this.claims.scratch);
  }

  group({ identity, label }: RunClaim): Group {
    return { leader: identity, name: this.name, label };
  }

  /** The port that it had the last time: a hint, the ledger decides. */
  get lastPort(): number | undefined {
    const port = Number(readIfThere(join(this.folder, 'port')));
    return Number.isInteger(port) && port > 0 ? port : undefined;
  }

  rememberPort(port: number): void {
    if (port !== this.lastPort) replaceFile(join(this.folder, 'port'), String(port), this.claims.scratch);
  }

  /** Whether there is anything that `clear` would remove. */
  get isKept(): boolean {
    return readdirSync(this.folder).some((entry) => !LASTING.has(entry));
  }

  /** Removes all but what lasts. */
  clear(): void {
    for (const entry of readdirSync(this.folder)) {
      if (!LASTING.has(entry)) rmSync(join(this.folder, entry), { recursive: true, force: true });
    }
  }
}
