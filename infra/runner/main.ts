/**
 * Runs one operation of Pulumi, read from standard input: a process of its own, since the Automation API starts
 * several, installs handlers for the whole process, and has been seen to hang. Whoever starts this holds the lock of
 * the resource's folder for it (flock(1)), so one runs at a time, and it goes on when the worker does not.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from '@pulumi/pulumi/automation/index.js';
import { pass } from './fence.js';
import { readJson, remove, writeJson } from './files.js';
import { type Job, type Result, readJob, type StackRecord } from './job.js';
import { begin, finish, programEnvironment } from './operation.js';
import { endLeftovers } from './processes.js';
import { Locked, openStack, outputsOf, pendingOf, withoutStaleLocks } from './stack.js';

/** A program that failed out of turn leaves the engine waiting for ever: it is interrupted so soon. */
const FAILED_MS = 5000;

const abort = new AbortController();
const say = (text: string) => void process.stdout.write(text);

async function run(job: Job): Promise<Result> {
  // A preview changes nothing, and needs no turn among generations.
  const stale = job.kind === 'preview' ? undefined : pass(job.folder, job.generation, job.kind);
  if (stale !== undefined) return { state: 'stale', ...stale };
  await endLeftovers(job.folder);
  const record = readJson<StackRecord>(recordFile(job));
  if (job.kind === 'up' && record?.wanted === job.wanted) return { state: 'done', record };
  if (job.kind === 'destroy' && !existsSync(begunFile(job))) return { state: 'done' };
  if (job.kind === 'up' && isStopped(job)) return { state: 'stale' };
  begin(job);
  const stack = await openStack(job);
  const done = await operations[job.kind](job, stack);
  finish(job);
  return done;
}

const recordFile = ({ folder }: Job) => join(folder, 'stack.json');
/** There while anything of the stack may exist. */
const begunFile = ({ folder }: Job) => join(folder, 'begun');

/**
 * Marks the stack as begun, and then looks whether its generation was stopped: a stop does so in the other order, so
 * that one of the two sees the other.
 */
function isStopped(job: Job): boolean {
  const before = existsSync(begunFile(job));
  writeFileSync(begunFile(job), '');
  // As activities/host/generations.ts has it.
  const stopped = existsSync(join(job.folder, 'generations', `${job.generation}.sealed`));
  if (stopped && !before) remove(begunFile(job));
  return stopped;
}

const operations = {
  async up(job: Job, stack: Stack): Promise<Result> {
    const { outputs } = await withoutStaleLocks(job, stack, () => up(job, stack, job.timeoutMs));
    const { wanted, backend } = job;
    const record = { wanted, backend, stack: job.stack, outputs: outputsOf(outputs) };
    writeJson(recordFile(job), record);
    return { state: 'done', record };
  },

  async destroy(job: Job, stack: Stack): Promise<Result> {
    // Before it: a wake that finds half of it gone has to bring it back.
    remove(recordFile(job));
    // What an engine had no time to write down is found again by doing it again; else nothing knows of it.
    if ((await tellPending(stack)) > 0) {
      const again = withoutStaleLocks(job, stack, () => up(job, stack, job.timeoutMs / 2));
      await again.catch((error: Error) => say(`${error.message}\n`));
    }
    await withoutStaleLocks(job, stack, () =>
      bounded(job, job.timeoutMs, (signal) => stack.destroy({ onOutput: say, signal, remove: true })),
    );
    remove(begunFile(job));
    return { state: 'done' };
  },

  async preview(job: Job, stack: Stack): Promise<Result> {
    const { stdout } = await bounded(job, job.timeoutMs, (signal) =>
      stack.preview({ signal, color: 'never' }),
    );
    // One that was never up was made for this alone.
    if (!existsSync(begunFile(job))) await stack.workspace.removeStack(job.stack);
    return { state: 'done', text: stdout };
  },
};

async function up(job: Job, stack: Stack, limitMs: number) {
  await tellPending(stack);
  return bounded(job, limitMs, (signal) => stack.up({ onOutput: say, signal }));
}

/** Interrupts the engine after that time, or when all is interrupted; one that goes on all the same is ended. */
async function bounded<T>(job: Job, limitMs: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const own = new AbortController();
  const signal = AbortSignal.any([own.signal, abort.signal]);
  const timers = [setTimeout(() => own.abort(), limitMs)];
  let ending: Promise<void> | undefined;
  const end = () => {
    ending = endLeftovers(job.folder);
  };
  const kill = () => timers.push(setTimeout(end, job.graceMs));
  signal.addEventListener('abort', kill, { once: true });
  try {
    return await run(signal);
  } finally {
    signal.removeEventListener('abort', kill);
    for (const timer of timers) clearTimeout(timer);
    // It goes on until none is left: the engine of what comes next would be among them.
    await ending;
  }
}

async function tellPending(stack: Stack): Promise<number> {
  const pending = await pendingOf(stack);
  for (const one of pending) say(`cut off earlier, and its end is not known: ${one}\n`);
  return pending.length;
}

async function main(): Promise<void> {
  const job = readJob();
  Object.assign(process.env, programEnvironment(job));
  const deadline = setTimeout(() => void interrupt('timeout'), job.timeoutMs);
  let why: 'timeout' | 'failed' = 'failed';
  /** A second time ends all at once. */
  async function interrupt(reason: typeof why): Promise<void> {
    if (abort.signal.aborted) return await endNow('interrupted twice');
    why = reason;
    abort.abort();
    setTimeout(() => void endNow('its engine was ended, and it hung'), 2 * job.graceMs);
  }
  async function endNow(message: string): Promise<void> {
    await endLeftovers(job.folder);
    writeJson(job.result, { state: 'failed', code: why, message } satisfies Result);
    process.exit(1);
  }
  let unhandled: unknown;
  const fail = (error: unknown) => {
    unhandled ??= error;
    setTimeout(() => abort.abort(), FAILED_MS);
  };
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, fail);
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => void interrupt('failed'));
  const result = await run(job).catch(
    (error: Error): Result => ({
      state: 'failed',
      code: error instanceof Locked ? 'locked' : why,
      message: unhandled instanceof Error ? `error: ${unhandled.message}` : error.message,
    }),
  );
  clearTimeout(deadline);
  await endLeftovers(job.folder);
  writeJson(job.result, result);
  process.exit(0);
}

await main();
