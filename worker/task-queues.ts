import { fileURLToPath } from 'node:url';
import type { Context } from '@temporalio/activity';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { LifecycleActivities } from '../activities/contract.js';
import { bootQueue, imageQueue, stopQueue } from '../activities/plan.js';
import type { Config } from '../config/index.js';
import type { Tracing } from '../tracing/contract.js';
import { TASK_QUEUE } from '../workflows/messages.js';
import { tracingActivities } from './activity-traces.js';
import type { WorkerMetrics } from './metrics.js';

/** Made by `npm run build`: bundling at each start would cost seconds. */
const BUNDLE = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
/** At the SDK's default of 10 s, a killed worker costs its workflows' next task as long. */
const STICKY_TIMEOUT = '1s';

export interface QueueOptions {
  config: Config;
  connection: NativeConnection;
  namespace: string;
  host: string;
  activities: LifecycleActivities;
  metrics: WorkerMetrics;
  /** Undefined where no traces are made. */
  tracing?: Tracing | undefined;
  /** Which kinds of queues there is anything to do on. */
  hostBound: boolean;
  anywhere: boolean;
}

/**
 * One Temporal worker for each task queue: workflows; boots, stops and images of this host; boots, stops and images of
 * what is bound to no host.
 */
export async function createWorkers(options: QueueOptions): Promise<Worker[]> {
  const { config, host, hostBound, anywhere } = options;
  const { boots, stops } = config.worker;
  const queues: WorkerOptions[] = [workflowQueue(options)];
  if (hostBound)
    queues.push(
      activityQueue(options, bootQueue(host), boots),
      activityQueue(options, stopQueue(host), stops),
      activityQueue(options, imageQueue(host), config.images.parallel),
    );
  if (anywhere)
    queues.push(
      activityQueue(options, bootQueue(), boots),
      activityQueue(options, stopQueue(), stops),
      activityQueue(options, imageQueue(), config.images.parallel),
    );
  return Promise.all(queues.map((queue) => Worker.create(queue)));
}

function common({ config, connection, namespace, activities, metrics, tracing }: QueueOptions) {
  const traced =
    tracing === undefined ? [] : [({ info }: Context) => ({ inbound: tracingActivities(tracing, info) })];
  return {
    connection,
    namespace,
    activities,
    shutdownGraceTime: config.worker.shutdownGrace,
    shutdownForceTime: config.worker.shutdownGrace + 5000,
    interceptors: {
      activity: [({ info }: Context) => ({ inbound: metrics.counting(info.activityType) }), ...traced],
    },
  };
}

function workflowQueue(options: QueueOptions): WorkerOptions {
  return {
    ...common(options),
    taskQueue: TASK_QUEUE,
    workflowBundle: { codePath: BUNDLE },
    maxCachedWorkflows: options.config.worker.cachedWorkflows,
    stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
  };
}

function activityQueue(options: QueueOptions, taskQueue: string, slots: number): WorkerOptions {
  return { ...common(options), taskQueue, maxConcurrentActivityTaskExecutions: slots };
}
