import { ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { LifecycleActivities } from '../activities/contract.js';
import type { ChoreInput, ChoreResult } from './messages.js';
import { toFailure } from './steps.js';

/** For a worker of the place to take it. */
const START_MS = 10_000;
const HEARTBEAT_TIMEOUT_MS = 10_000;
const CHORE_MS = 30 * 60_000;

/** One thing asked of the images of a place: whoever asks need not be there. Not tried again: they see why it failed. */
export async function imageChore(input: ChoreInput): Promise<ChoreResult> {
  const { doImageChore } = proxyActivities<Pick<LifecycleActivities, 'doImageChore'>>({
    taskQueue: input.queue,
    scheduleToStartTimeout: START_MS,
    startToCloseTimeout: CHORE_MS,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    retry: { maximumAttempts: 1 },
    summary: `${input.chore.do} at ${input.place}`,
  });
  try {
    return await doImageChore(input);
  } catch (error) {
    const failure = toFailure(error, 'HOST_GONE');
    const { code: type, message } = failure;
    throw ApplicationFailure.create({ message, type, nonRetryable: true, details: [failure] });
  }
}
