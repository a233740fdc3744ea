import { type EnterArgs, QUOTA_TYPE, quotaId, quotaSignals, TASK_QUEUE } from '../workflows/messages.js';
import type { TemporalConnection } from './connection.js';

/** Asks for a place among those of a provider, starting `quota:<provider>` where it does not run. */
export async function enterQuota(
  { client }: TemporalConnection,
  provider: string,
  args: EnterArgs,
): Promise<void> {
  await client.workflow.signalWithStart(QUOTA_TYPE, {
    workflowId: quotaId(provider),
    taskQueue: TASK_QUEUE,
    args: [{}],
    signal: quotaSignals.enter,
    signalArgs: [args],
    staticSummary: `The places of ${provider}: who is awake, who boots, who waits`,
  });
}
