import type { Config } from '../config/index.js';
import { connectTemporal, ImageClient, ResourceClient } from '../temporal/index.js';
import { TASK_QUEUE } from '../workflows/messages.js';
import type { Plane } from './plane.js';

/** Its number in temporal.api.enums.v1.TaskQueueType. */
const TASK_QUEUE_TYPE_WORKFLOW = 1;
/**
 * The server lists a poller for minutes after its last poll. A worker that lives polls again at least each
 * minute (the length of the server's long poll).
 */
const POLLED_WITHIN_MS = 75_000;

/** Temporal as the control address sees it. Connects when first used, and again when the server is back. */
export async function connectPlane(config: Config): Promise<Plane> {
  const connection = await connectTemporal(config);
  const { client, namespace } = connection;
  return {
    resources: new ResourceClient(connection),
    images: new ImageClient(connection),
    withDeadline: (ms, calls) => client.withDeadline(Date.now() + ms, calls),
    ping: async () => {
      await client.workflowService.describeNamespace({ namespace });
    },
    workerPresent: async () => {
      const { pollers } = await client.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: TASK_QUEUE },
        taskQueueType: TASK_QUEUE_TYPE_WORKFLOW,
      });
      return pollers.some(
        ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > Date.now() - POLLED_WITHIN_MS,
      );
    },
    close: () => connection.close(),
  };
}
