import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ReveilleError } from '../../../errors/index.js';
import type { Endpoint } from '../../../workflows/messages.js';
import { createOnce, readIfThere } from '../atomic.js';
import type { Identity } from './identity.js';

/** What a generation's process is. */
export interface RunClaim {
  readonly kind: 'run';
  readonly generation: number;
  readonly identity: Identity;
  readonly endpoint: Endpoint;
  readonly revision: string;
  /** The generation that started the process. */
  readonly label: number;
  /** The generation that it was taken over from. */
  readonly from?: number;
  /** What the member of a pool was made from. */
  readonly params?: Record<string, string>;
}
/** `sealed`: nothing was started for this generation, and nothing ever will be. */
export type Claim = RunClaim | { readonly kind: 'sealed'; readonly generation: number };
/** What became of a claimed process: its own generation's stop began, or a younger generation has it. */
export type Fate = 'stop' | number;

const KEPT = 20;
const KEPT_MS = 24 * 3_600_000;
const SCRATCH_MS = 3_600_000;

/**
 * Who may run what for one resource, without a lock that a paused process could keep. Files in `claims/`, each
 * created once with its content and never changed:
 *
 * - `G.begun`: a boot of generation G has begun. Written before the boot looks at other generations, so of two
 *   generations at once at least the younger sees the older.
 * - `G`: the decision on G. Either the process itself claims it, right before it becomes the real command, or a
 *   stop or a younger boot seals it; link(2) lets one of them win. So one process at most is ever executed
 *   for a generation, and none after its stop began or a younger boot looked.
 * - `G.fate`: the decision on what G claimed: it is stopped by G, or taken over by a younger generation.
 * - `G.suspend`: a stop by suspending has begun.
 */
export class Claims {
  private readonly folder: string;
  /** Folder for unfinished files, on the same file system. */
  readonly scratch: string;

  constructor(resourceFolder: string) {
    this.folder = join(resourceFolder, 'claims');
    this.scratch = join(resourceFolder, 'tmp');
  }

  /** Creates the folders; needed once before anything is written. */
  prepare(): void {
    for (const folder of [this.folder, this.scratch]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** @throws ReveilleError STALE_GENERATION where a younger generation exists. */
  begin(generation: number): void {
    this.mark(`${generation}.begun`);
    const newest = this.generations()[0] ?? 0;
    if (newest > generation) {
      const message = `generation ${newest} exists, ${generation} is too old`;
      throw new ReveilleError('STALE_GENERATION', message, { younger: newest });
    }
  }

  file(generation: number): string {
    return join(this.folder, String(generation));
  }

  read(generation: number): Claim | undefined {
    const text = readIfThere(this.file(generation));
    return text === undefined ? undefined : parseClaim(generation, text);
  }

  /** @returns false where the generation was decided already. */
  claim(claim: RunClaim): boolean {
    return createOnce(this.file(claim.generation), formatClaim(claim), this.scratch);
  }

  /** The decision on a generation, which is `sealed` unless a process has claimed it. */
  settle(generation: number): Claim {
    const decided = this.read(generation);
    if (decided !== undefined) return decided;
    createOnce(this.file(generation), 'sealed', this.scratch);
    return this.read(generation) ?? { kind: 'sealed', generation };
  }

  /**
   * Settles the generations before this one, and finds the process that one of them may have left. The youngest
   * that ran is the last to look at: its own boot settled all before it.
   */
  settleOlder(generation: number): RunClaim | undefined {
    for (const older of this.generations()) {
      if (older >= generation) continue;
      const claim = this.settle(older);
      if (claim.kind === 'run') return claim;
    }
    return undefined;
  }

  newestRun(): RunClaim | undefined {
    for (const generation of this.generations()) {
      const claim = this.read(generation);
      if (claim?.kind === 'run') return claim;
    }
    return undefined;
  }

  fate(generation: number): Fate | undefined {
    const text = readIfThere(this.fateFile(generation));
    if (text === undefined) return undefined;
    const heir = Number(text);
    return Number.isSafeInteger(heir) && heir > generation ? heir : 'stop';
  }

  /** @returns the fate that was decided: this one, or an earlier. */
  decideFate(generation: number, fate: Fate): Fate {
    createOnce(this.fateFile(generation), String(fate), this.scratch);
    return this.fate(generation) ?? fate;
  }

  markSuspended(generation: number): void {
    this.mark(`${generation}.suspend`);
  }

  isMarkedSuspended(generation: number): boolean {
    return readIfThere(join(this.folder, `${generation}.suspend`)) !== undefined;
  }

  /**
   * Forgets decisions that nobody can come back to: all but the newest and those of the last day (a generation
   * is a clock time in ms), never what may run. Removes files that dead processes left unfinished.
   */
  prune(now: number): void {
    const generations = this.generations();
    const current = this.newestRun()?.generation;
    for (const generation of generations.slice(KEPT)) {
      if (generation === current || now - generation < KEPT_MS) continue;
      for (const end of ['.begun', '.fate', '.suspend', '']) {
        rmSync(this.file(generation) + end, { force: true });
      }
    }
    for (const entry of readdirSync(this.scratch)) {
      const file = join(this.scratch, entry);
      const changed = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now;
      if (now - changed > SCRATCH_MS) rmSync(file, { force: true });
    }
  }

  /** Every generation of which anything is written, youngest first. */
  private generations(): number[] {
    let entries: string[];
    try {
      entries = readdirSync(this.folder);
    } catch {
      return [];
    }
    const numbers = entries.map((entry) => Number.parseInt(entry, 10)).filter(Number.isSafeInteger);
    return [...new Set(numbers)].sort((a, b) => b - a);
  }

  private fateFile(generation: number): string {
    return `${this.file(generation)}.fate`;
  }

  private mark(name: string): void {
    closeSync(openSync(join(this.folder, name), 'a', 0o600));
  }
}

type Rest = Pick<RunClaim, 'endpoint' | 'revision' | 'label' | 'from' | 'params'> & { boot: string };

/** What of a claim is known before the process exists; the shim puts its pid and start time in front. */
export function claimRest(rest: Rest): string {
  return JSON.stringify(rest).slice(1);
}

function formatClaim({ identity, endpoint, revision, label, from, params }: RunClaim): string {
  const rest: Rest = {
    boot: identity.boot,
    endpoint,
    revision,
    label,
    ...(from === undefined ? {} : { from }),
    ...(params === undefined ? {} : { params }),
  };
  return `{"pid":${identity.pid},"start":${identity.start},${claimRest(rest)}`;
}

/** A claim that cannot be read was lost in a crash of the host, and with it whatever it named. */
function parseClaim(generation: number, text: string): Claim {
  try {
    const { pid, start, boot, endpoint, revision, label, from, params } = JSON.parse(text);
    if (Number.isSafeInteger(pid) && Number.isSafeInteger(start) && Number.isSafeInteger(endpoint.port)) {
      const identity = { pid, start, boot };
      const more = { ...(from === undefined ? {} : { from }), ...(params === undefined ? {} : { params }) };
      return { kind: 'run', generation, identity, endpoint, revision, label, ...more };
    }
  } catch {
    // Sealed, or not JSON: no process either way.
  }
  return { kind: 'sealed', generation };
}
