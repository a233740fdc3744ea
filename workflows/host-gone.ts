import { CancellationScope, condition } from '@temporalio/workflow';
import type { Plan } from '../activities/contract.js';
import type { Life } from './life.js';
import type { Failure } from './messages.js';
import { HostGone, onHost, toFailure } from './steps.js';

/** Whether the operator has said that what runs there may be given up: by `force`, or for good by `placement.moves`. */
const mayGiveUp = (life: Life, plan: Plan): boolean =>
  plan.moves === true || life.stopRequest?.force === true;

/**
 * After a step that found its host gone. @returns whether the instance there counts as ended from now on, since the
 * resource may move.
 */
export function abandons(life: Life, plan: Plan, { code }: Failure): boolean {
  if (code !== 'HOST_GONE' || plan.moves !== true) return false;
  life.abandoned = true;
  life.noteGone();
  return true;
}

/**
 * Stops an instance whose host may be gone. One that may be given up is; else whoever asks is told HOST_GONE at once,
 * and the stop waits for the host: there is one instance at most.
 * @param stop one try, either noticing that the host is gone or waiting for it, be that days.
 */
export async function stopWherever(
  life: Life,
  plan: Plan,
  stop: (host: 'looked for' | 'awaited') => Promise<void>,
): Promise<void> {
  if (life.abandoned) return;
  // Runs of an older Reveille, and what is bound to no host.
  if (plan.moves === undefined) return await stop('awaited');
  try {
    await onHost(plan, plan.stopQueue, () => stop('looked for'));
  } catch (error) {
    if (!(error instanceof HostGone)) throw error;
    if (!mayGiveUp(life, plan)) await untilBack(life, plan, error, () => stop('awaited'));
  }
}

async function untilBack(life: Life, plan: Plan, error: HostGone, stop: () => Promise<void>): Promise<void> {
  const scope = new CancellationScope();
  life.failure = toFailure(error, 'STOP_FAILED');
  life.hostGone = true;
  life.wakeOutstanding = false;
  life.answer(() => life.refuseWhileBackingOff());
  try {
    await scope.run(() => Promise.race([stop(), condition(() => mayGiveUp(life, plan))]));
  } finally {
    scope.cancel();
    life.hostGone = false;
  }
}
