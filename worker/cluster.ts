import proto from '@temporalio/proto';
import type { TemporalConnection } from '../temporal/index.js';
import { searchAttributes } from '../workflows/messages.js';

const { TaskQueueType } = proto.temporal.api.enums.v1;

/** Whether our search attributes exist: setting one that does not would wedge a workflow's task. */
export async function hasSearchAttributes({ client, namespace }: TemporalConnection): Promise<boolean> {
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
  return Object.values(searchAttributes).every((name) => customAttributes?.[name] !== undefined);
}

/** Whether any worker polls an activity queue. */
export async function hasPollers({ client, namespace }: TemporalConnection, queue: string): Promise<boolean> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: queue },
    taskQueueType: TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
  });
  const fresh = Date.now() / 1000 - POLLER_AGE_S;
  return (pollers ?? []).some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) >= fresh);
}

/** A poll lasts a minute at most; the server remembers pollers for five. */
const POLLER_AGE_S = 70;
