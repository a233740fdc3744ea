import {
  ActivityFailure,
  type ActivityOptions,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  sleep,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { LifecycleActivities, Plan, Target } from '../activities/contract.js';
import { catalogue, type ErrorCode } from '../errors/index.js';
import type { Life } from './life.js';
import type { Failure, Phase } from './messages.js';

/** A lost worker is noticed after this long without a heartbeat, and the step goes on elsewhere. */
const HEARTBEAT_TIMEOUT_MS = 5000;
/** After this long in a host's queue, somebody looks whether that host still has a worker. */
const HOST_WAIT_MS = 10_000;
/** In `ready` for this long, past failures are forgotten. */
export const STEADY_MS = 60_000;
/** From here on a run goes on in a new history wherever it only waits. */
const MAX_EVENTS = 500;
export const RETRY = { initialInterval: 100, backoffCoefficient: 2, maximumInterval: 10_000 } as const;

/**
 * Activities that any worker runs, on the workflow's own queue: dispatched eagerly. No local activities: with a
 * signal on its way, their result came in the next workflow task and on replay in the one before, so that the clock
 * (and with it the generation) and the order of signals were others on replay.
 */
export const anywhere = (summary: string) =>
  proxyActivities<
    Pick<
      LifecycleActivities,
      'describe' | 'askHolders' | 'enterQuota' | 'openResources' | 'hostPresent' | 'wantImages'
    >
  >({
    startToCloseTimeout: 10_000,
    retry: RETRY,
    summary,
  });

export const needsSuccessor = (): boolean =>
  workflowInfo().continueAsNewSuggested || workflowInfo().historyLength >= MAX_EVENTS;

interface Step {
  queue: 'boot' | 'stop';
  summary: string;
  /** For the whole step, its tries and its waiting for a worker; absent: until it is done. */
  timeoutMs?: number;
  /**
   * 'looked for': call it through `onHost`, which notices that the host is gone. 'awaited': it stays in the queue
   * until the host is back, be that days: then nothing is written meanwhile.
   */
  host: 'looked for' | 'awaited';
}

/** Activities of the provider, on the queue of boots or that of stops. */
export function onProvider(plan: Plan, { queue, summary, timeoutMs, host }: Step) {
  const looksForHost = host === 'looked for' && plan.host !== undefined;
  const options: ActivityOptions = {
    taskQueue: queue === 'boot' ? plan.bootQueue : plan.stopQueue,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    retry: RETRY,
    summary,
    ...(timeoutMs === undefined ? { startToCloseTimeout: '1 day' } : { scheduleToCloseTimeout: timeoutMs }),
    ...(looksForHost ? { scheduleToStartTimeout: HOST_WAIT_MS } : {}),
  };
  return proxyActivities<LifecycleActivities>(options);
}

/** Steps that belong to the trace of the wake; a stop comes hours later. */
const WAKING: ReadonlySet<Phase> = new Set(['imaging', 'booting', 'checking']);

/** What the activities are told: names only. */
export const target = (life: Life, plan: Plan): Target => ({
  name: life.name,
  ...(life.input.params === undefined ? {} : { params: life.input.params }),
  revision: plan.revision,
  generation: life.generation,
  ...(life.trace === undefined || !WAKING.has(life.phase) ? {} : { trace: life.trace }),
});

/** A failure of the host: its queue has no pollers. */
export class HostGone extends Error {}

/**
 * Runs an activity of a host's queue. Waiting in that queue alone says nothing (there may be a hundred boots
 * before it): the absence of pollers does, and throws HostGone.
 */
export async function onHost<T>(plan: Plan, queue: string, run: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!waitedInQueue(error)) throw error;
      const { hostPresent } = anywhere(`is there a worker on ${plan.host}?`);
      if (!(await hostPresent({ queue }))) throw new HostGone(`No worker on ${plan.host}`);
    }
  }
}

function waitedInQueue(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof TimeoutFailure &&
    error.cause.timeoutType === 'SCHEDULE_TO_START'
  );
}

/** What an activity's failure means in the words of the catalogue. */
export function toFailure(error: unknown, timeoutCode: ErrorCode): Failure {
  if (error instanceof HostGone) return { code: 'HOST_GONE', message: error.message };
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const [detail] = (cause.details ?? []) as Failure[];
    if (detail?.code !== undefined && detail.code in catalogue) return detail;
    return { code: 'INTERNAL', message: cause.message };
  }
  if (cause instanceof TimeoutFailure) {
    return { code: timeoutCode, message: `${catalogue[timeoutCode].title}: the time for it is over` };
  }
  return { code: 'INTERNAL', message: cause instanceof Error ? cause.message : String(cause) };
}

/** Waits until the condition holds or the time is over. Without a time: for the condition alone. */
export async function until(holds: () => boolean, ms: number | undefined, summary: string): Promise<void> {
  if (ms === undefined) return condition(holds);
  await CancellationScope.cancellable(async () => {
    try {
      await Promise.race([sleep(Math.max(1, Math.ceil(ms)), { summary }), condition(holds)]);
    } finally {
      CancellationScope.current().cancel();
    }
  }).catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
  });
}
