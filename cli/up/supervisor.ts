import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { ReveilleError } from '../../errors/index.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A child that lived this long begins with the shortest pause again. */
const SOUND_AFTER_MS = 30_000;
/** So often it may end before it was ever ready: then its start has failed. */
const TRIES_AT_START = 3;

export interface ChildSpec {
  /** `worker`, `proxy`, … */
  name: string;
  /** Starts it as the leader of a process group of its own. */
  spawn(): ChildProcess;
  /** Resolves when it serves; `signal` is aborted when it has ended. */
  ready(child: ChildProcess, signal: AbortSignal): Promise<void>;
  /**
   * Resolves when it has begun to end and takes nothing new: its successor is started at once, beside it. Absent:
   * the two cannot live side by side.
   */
  leaving?(child: ChildProcess): Promise<void>;
  /** Asks it to end. */
  terminate(child: ChildProcess): void;
  /** Called each time it has ended of itself, before it is started again. */
  mend?(): void;
  /** Last lines of its log, for an error at the start. */
  logTail(): string;
}
export interface SupervisorHooks {
  say(line: string): void;
  /** The child of that name has this pid now; undefined: it has none. */
  changed(name: string, pid: number | undefined): void;
}

interface Started {
  child: ChildProcess;
  ended: Promise<unknown>;
}

/** Starts one child, watches it, and starts it again when it ends, after a pause that grows. */
export class Supervisor {
  private current: Started | undefined;
  /** Those that end in their own time while a successor has taken their place. */
  private readonly leaving = new Set<Started>();
  private loop: Promise<void> | undefined;
  private readonly stopping = new AbortController();
  private wasReady = false;
  private isReady = false;

  constructor(
    private readonly spec: ChildSpec,
    private readonly hooks: SupervisorHooks,
  ) {}

  get name(): string {
    return this.spec.name;
  }

  get pid(): number | undefined {
    return this.current?.child.pid;
  }

  /** Whether it serves now. */
  get serves(): boolean {
    return this.isReady;
  }

  /**
   * Resolves when it serves for the first time.
   * @throws ReveilleError SETUP_FAILED where it ended again and again before that, with its log's tail
   */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.loop = this.run(resolve, reject);
    });
  }

  /** Passes a signal on, where it runs. */
  signal(name: NodeJS.Signals): void {
    this.current?.child.kill(name);
  }

  /** Does something with the child, where it runs. */
  withChild(work: (child: ChildProcess) => void): void {
    if (this.current) work(this.current.child);
  }

  /** Ends it for good: asks, waits, kills the whole group. @param hurry aborted: kills at once */
  async stop(graceMs: number, hurry?: AbortSignal): Promise<void> {
    this.stopping.abort();
    const { current } = this;
    const all = [...this.leaving, ...(current ? [current] : [])];
    if (current) this.spec.terminate(current.child);
    const timeout = new AbortController();
    const late = delay(graceMs, undefined, { signal: timeout.signal }).catch(() => {});
    const ends = Promise.all(all.map(({ ended }) => ended));
    await Promise.race([ends, late, aborted(hurry)]);
    timeout.abort();
    for (const { child } of all) killGroup(child);
    await Promise.all([ends, this.loop]);
  }

  private async run(resolve: () => void, reject: (error: unknown) => void): Promise<void> {
    let failures = 0;
    while (!this.stopping.signal.aborted) {
      const beganMs = performance.now();
      const how = await this.runOnce(resolve);
      if (this.stopping.signal.aborted) break;
      if (how === 'replaced') {
        this.hooks.say(`${this.spec.name} was told to end; starting another in its place`);
        continue;
      }
      failures = performance.now() - beganMs > SOUND_AFTER_MS ? 1 : failures + 1;
      if (!this.wasReady && failures >= TRIES_AT_START) {
        reject(startFailed(this.spec, how));
        break;
      }
      this.spec.mend?.();
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
      this.hooks.say(`${this.spec.name} ended (${how}); starting it again`);
      await delay(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => {});
    }
    reject(new ReveilleError('SHUTTING_DOWN', `${this.spec.name} was stopped before it was ready`));
  }

  /** @returns how it ended, in words; `replaced` where it still ends beside its successor */
  private async runOnce(onReady: () => void): Promise<string> {
    const child = this.spec.spawn();
    const over = new AbortController();
    const end = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
    });
    const started = { child, ended: end };
    this.current = started;
    this.hooks.changed(this.spec.name, child.pid);
    this.spec.ready(child, over.signal).then(
      () => {
        if (over.signal.aborted) return;
        this.wasReady = true;
        this.isReady = true;
        onReady();
      },
      // It ended first: how is told by the caller.
      () => {},
    );
    const left = this.spec.leaving?.(child).then(() => 'replaced');
    const how = await Promise.race(left ? [end, left] : [end]);
    over.abort();
    this.isReady = false;
    this.current = undefined;
    if (how === 'replaced') this.watchLeaving(started);
    // Nothing of it may hold a port, or write, while its successor runs.
    else killGroup(child);
    this.hooks.changed(this.spec.name, undefined);
    return how;
  }

  private watchLeaving(started: Started): void {
    const { child, ended } = started;
    const name = `${this.spec.name} (ending, ${child.pid})`;
    this.leaving.add(started);
    this.hooks.changed(name, child.pid);
    void ended.then(() => {
      this.leaving.delete(started);
      killGroup(child);
      this.hooks.changed(name, undefined);
    });
  }
}

function startFailed(spec: ChildSpec, how: string): ReveilleError {
  return new ReveilleError(
    'SETUP_FAILED',
    `${spec.name} did not start (${how}). The end of its log:\n${spec.logTail()}`,
  );
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
}
