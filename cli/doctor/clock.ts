import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { TemporalConnection } from '../../temporal/index.js';

const QUEUE = 'reveille-doctor';
/** temporal.api.enums.v1.TaskQueueType */
const ACTIVITY = 2;
const LOOK_AGAIN_MS = 50;
const PATIENCE_MS = 8000;

/**
 * How far the Temporal server's clock is ahead of ours, ms; 0 where they may be the same. No call of Temporal tells
 * its time, but it notes when somebody asks for tasks: so we do, on a queue of our own.
 * @throws Error where it does not answer, or has not noticed in time.
 */
export async function clockSkewMs(
  { client: { connection, workflowService }, namespace }: TemporalConnection,
  now: () => number = Date.now,
): Promise<number> {
  const identity = `reveille doctor ${randomUUID()}`;
  const taskQueue = { name: QUEUE };
  const stop = new AbortController();
  const before = now();
  const poll = connection
    .withAbortSignal(stop.signal, () =>
      workflowService.pollActivityTaskQueue({ namespace, taskQueue, identity }),
    )
    // It is given up on purpose; where it failed by itself, nobody is listed below.
    .catch(() => undefined);
  try {
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (performance.now() < deadlineMs) {
      const question = { namespace, taskQueue, taskQueueType: ACTIVITY };
      const { pollers } = await workflowService.describeTaskQueue(question);
      const at = pollers?.find((poller) => poller.identity === identity)?.lastAccessTime;
      if (at !== undefined && at !== null) {
        return outside(Number(at.seconds ?? 0) * 1000 + (at.nanos ?? 0) / 1e6, before, now());
      }
      await delay(LOOK_AGAIN_MS);
    }
    throw new Error('it does not list who asks for tasks');
  } finally {
    stop.abort();
    await poll;
  }
}

/** How far a time is from the span in which it was taken. */
const outside = (time: number, from: number, to: number): number =>
  time < from ? time - from : Math.max(0, time - to);
