import {
  ApplicationFailure,
  CancellationScope,
  continueAsNew,
  defineQuery,
  defineSignal,
  setHandler,
} from '@temporalio/workflow';
import type { Plan } from '../activities/contract.js';
import { giveBack, giveBootBack, noteRunning } from './admission.js';
import { awake, becomeReady } from './awake.js';
import { boot } from './boot.js';
import type { Carried } from './carried.js';
import { end, removal, revokeLost, stopInstance } from './ending.js';
import { beginExistence, pauseExistence } from './existence.js';
import { isAdmitted, isAdopt, isImageNews, isQueued, isTouch, isUnreachable, optional } from './guards.js';
import { noteImage } from './imaging.js';
import { Life } from './life.js';
import {
  type AdmittedArgs,
  type AdoptArgs,
  type Failure,
  type ImageNews,
  type LifecycleInput,
  type LifecycleSummary,
  type PinArgs,
  type QueuedArgs,
  queries,
  type ReadyState,
  type StatusState,
  type StopArgs,
  signals,
  type TouchArgs,
  type UnreachableArgs,
  type WakeArgs,
} from './messages.js';
import { anywhere, needsSuccessor, onProvider, target, toFailure, until } from './steps.js';
import { readyState, show, statusState, summary, tell } from './view.js';

/** Without a wake for one more backoff, but at least this long, a failed execution closes. */
const MIN_FAILED_MS = 60_000;
/** When to come again to a pool that is full. */
const FULL_MS = 5000;

/**
 * The life of one resource while it is awake: one execution per awake period, id `resource:<name>`.
 * Contract: messages.ts; protocol between it and the proxies: leases.md.
 */
export async function resourceLifecycle(input: LifecycleInput): Promise<LifecycleSummary> {
  const life = new Life(input);
  life.onAnswers = () => tell(life);
  listen(life);
  // Cancelling is the same as `stop`: nothing is cut off in the middle, everything is cleaned up.
  CancellationScope.current().cancelRequested.catch(() => life.stop({ reason: 'cancelled' }));
  return await CancellationScope.nonCancellable(() => live(life));
}

function listen(life: Life): void {
  setHandler(defineQuery<ReadyState>(queries.ready), () => readyState(life));
  setHandler(defineQuery<StatusState>(queries.status), () => statusState(life));
  setHandler(defineSignal<[AdoptArgs]>(signals.adopt), (args) => {
    if (isAdopt(args)) life.adopt(args);
  });
  setHandler(defineSignal<[WakeArgs?]>(signals.wake), (args) => life.wake(optional(args)));
  setHandler(defineSignal<[TouchArgs]>(signals.touch), (args) => {
    if (isTouch(args)) life.touch(args);
  });
  setHandler(defineSignal<[UnreachableArgs]>(signals.unreachable), (args) => {
    if (isUnreachable(args)) life.noteUnreachable(args);
  });
  setHandler(defineSignal<[StopArgs?]>(signals.stop), (args) => life.stop(optional(args)));
  setHandler(defineSignal<[PinArgs?]>(signals.pin), (args) => life.setPin(optional(args)));
  setHandler(defineSignal(signals.unpin), () => life.unpin());
  setHandler(defineSignal<[AdmittedArgs]>(signals.admitted), (args) => {
    if (isAdmitted(args)) life.notePlace({ ticket: args.ticket });
  });
  setHandler(defineSignal<[QueuedArgs]>(signals.queued), (args) => {
    if (isQueued(args)) life.notePlace(args);
  });
  setHandler(defineSignal<[ImageNews]>(signals.image), (args) => {
    if (isImageNews(args)) noteImage(life, args);
  });
}

type Next = 'boot' | 'awake' | 'adopt' | 'remove' | 'end' | 'lost' | 'failed';

async function live(life: Life): Promise<LifecycleSummary> {
  let isFresh = life.plan === undefined;
  let plan = life.plan ?? (await describe(life));
  let endedBy = 'idle';
  life.onPhase = () => show(life, plan);
  life.plan = plan;
  show(life, plan);
  let next = firstStep(life);
  for (;;) {
    if (next === 'boot') {
      // A generation keeps its definition; the next one takes today's.
      if (!isFresh) plan = await describe(life);
      isFresh = false;
      life.plan = plan;
      next = await bootNext(life, plan);
    } else if (next === 'adopt') {
      next = await takeOver(life, plan);
      endedBy = 'gone';
    } else if (next === 'awake') {
      next = await stayAwake(life, plan);
      endedBy = next === 'lost' ? 'lost' : 'idle';
    } else if (next === 'failed') {
      await giveBack(life, plan);
      next = await backOff(life);
    } else if (next === 'lost') {
      await Promise.all([revokeLost(life), stopInstance(life, plan, () => removal(life))]);
      next = !life.stopRequest && life.wanted ? 'boot' : 'end';
    } else if (next === 'remove') {
      // Nothing runs here, but something may be suspended or lie about: a generation newer than any removes it.
      life.nextGeneration();
      await stopInstance(life, plan, () => removal(life));
      next = 'end';
    } else {
      await giveBack(life, plan);
      return await finish(life, endedBy);
    }
  }
}

function firstStep(life: Life): Next {
  if (life.phase === 'ready') {
    beginExistence(life);
    return 'awake';
  }
  if (life.phase === 'failed') return 'failed';
  if (life.stopRequest) return life.stopRequest.then === 'delete' ? 'remove' : 'end';
  return life.adoptRequest && !life.input.carried ? 'adopt' : 'boot';
}

/** The definition stands in the worker's configuration; the workflow learns its times and queues only. */
async function describe(life: Life): Promise<Plan> {
  try {
    const { params, revision, host, adopted } = life.input;
    return await anywhere('look the resource up').describe({
      name: life.name,
      ...(params === undefined ? {} : { params }),
      ...(revision === undefined ? {} : { revision }),
      ...(host === undefined ? {} : { host }),
      ...(adopted === undefined ? {} : { adopted }),
    });
  } catch (error) {
    const failure = toFailure(error, 'RESOURCE_UNKNOWN');
    life.failure = failure;
    life.book.refuseAll(failure.code, failure.code === 'POOL_FULL' ? FULL_MS : 0);
    throw closeAsFailed(failure);
  }
}

async function bootNext(life: Life, plan: Plan): Promise<Next> {
  const outcome = await boot(life, plan);
  if (outcome === 'stop') return 'end';
  if (outcome === 'failed') return 'failed';
  if (outcome === 'moved') {
    await giveBack(life, plan);
    return 'boot';
  }
  becomeReady(life);
  await giveBootBack(life, plan);
  return 'awake';
}

async function takeOver(life: Life, plan: Plan): Promise<Next> {
  const instance = life.adoptRequest;
  if (!instance) return 'end';
  life.nextGeneration();
  life.enter('checking');
  const summary = `adopt as generation ${life.generation}`;
  const { adopt } = onProvider(plan, { queue: 'stop', host: 'awaited', summary });
  const found = await adopt({ ...target(life, plan), instance });
  if (found.state !== 'running') return !life.stopRequest && life.wanted ? 'boot' : 'end';
  life.instance = found.instance;
  life.adoptedAt = Date.now();
  beginExistence(life);
  if (!life.stopRequest) becomeReady(life);
  await noteRunning(life, plan);
  return 'awake';
}

async function stayAwake(life: Life, plan: Plan): Promise<Next> {
  const outcome = await awake(life, plan);
  if (outcome === 'successor') return await continueAsNew<typeof resourceLifecycle>(successor(life, 'ready'));
  if (outcome === 'lost') {
    life.wakeOutstanding ||= life.book.lastEnd > Date.now();
    return 'lost';
  }
  if (outcome === 'idle' || outcome === 'stop') {
    await end(life, plan);
    return 'end';
  }
  life.fail(outcome.failure);
  await stopInstance(life, plan, () => removal(life));
  return life.stopRequest ? 'end' : 'failed';
}

/** Waits for a wake that comes after the backoff. */
async function backOff(life: Life): Promise<Next> {
  const failure: Failure = life.failure ?? { code: 'INTERNAL', message: 'failed without a reason' };
  life.enter('failed');
  pauseExistence(life);
  const closesAt = (life.retryAt ?? 0) + Math.max(life.backoff, MIN_FAILED_MS);
  const asked = () => life.stopRequest !== undefined || life.wakeOutstanding;
  await until(() => asked() || needsSuccessor(), closesAt - Date.now(), 'a wake after the backoff');
  if (life.stopRequest) return 'end';
  if (life.wakeOutstanding) return 'boot';
  if (Date.now() < closesAt) return await continueAsNew<typeof resourceLifecycle>(successor(life, 'failed'));
  throw closeAsFailed(failure);
}

const closeAsFailed = (failure: Failure): ApplicationFailure =>
  ApplicationFailure.create({
    message: failure.message,
    type: failure.code,
    nonRetryable: true,
    details: [failure],
  });

/** Looks at wakes last: one that is recorded later makes the server refuse the completion and run this again. */
async function finish(life: Life, endedBy: string): Promise<LifecycleSummary> {
  const end = life.stopRequest ? (life.stopRequest.reason ?? 'stop') : endedBy;
  if (life.wanted) return await continueAsNew<typeof resourceLifecycle>(successor(life, 'booting', end));
  life.phase = 'asleep';
  return summary(life, end);
}

const successor = (life: Life, phase: Carried['phase'], endedBy = 'it goes on'): LifecycleInput => {
  const { name, params, tells } = life.input;
  const before = { goesOn: phase !== 'booting', summary: summary(life, endedBy) };
  if (phase === 'booting') life.book.voidLeases();
  return {
    name,
    ...(params === undefined ? {} : { params }),
    ...(tells === undefined ? {} : { tells }),
    carried: life.carry(phase),
    before,
  };
};
