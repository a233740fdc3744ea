import type { Config } from '../config/index.js';
import { connectTemporal, hasPollers, ImageClient, ResourceClient } from '../temporal/index.js';
import { TASK_QUEUE } from '../workflows/messages.js';
import type { Plane } from './plane.js';

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
    workerPresent: () => hasPollers(connection, TASK_QUEUE, 'workflow'),
    close: () => connection.close(),
  };
}
