import type { TemporalConnection } from './connection.js';

/** Their numbers in temporal.api.enums.v1.TaskQueueType. */
const KINDS = { workflow: 1, activity: 2 } as const;
/**
 * The server lists a poller for minutes after its last poll. A worker that lives polls again at least each minute,
 * which is the length of the server's long poll.
 */
const POLLED_WITHIN_MS = 75_000;

/** Whether any worker polls a task queue, as far as the server has noticed: a killed one counts for a minute. */
export async function hasPollers(
  { client, namespace }: TemporalConnection,
  queue: string,
  kind: keyof typeof KINDS,
): Promise<boolean> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: queue },
    taskQueueType: KINDS[kind],
  });
  const since = Date.now() - POLLED_WITHIN_MS;
  return (pollers ?? []).some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > since);
}
