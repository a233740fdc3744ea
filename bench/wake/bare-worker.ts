/** Hosts the bare engine in a process of its own: `bare-worker.js CONFIG`, with an IPC channel. */
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, NativeConnection, Worker } from '@temporalio/worker';
import { Definitions } from '../../activities/definitions.js';
import { HostImages } from '../../activities/images/host-images.js';
import { createLifecycleActivities } from '../../activities/lifecycle.js';
import { bootQueue, stopQueue } from '../../activities/plan.js';
import { createProviders } from '../../activities/providers/table.js';
import { createLogger, loadConfig, stateDir } from '../../config/index.js';
import { connectionOptions } from '../../temporal/index.js';
import { installRuntime } from '../../worker/sdk-runtime.js';
import { BARE_HOST, BARE_QUEUE } from './bare.js';

const config = loadConfig(process.argv[2] ?? '');
const log = createLogger('bare', 'warn');
await installRuntime(log);
const host = BARE_HOST;
const services = { config, stateDir: stateDir(config), host, log };
const activities = createLifecycleActivities({
  definitions: new Definitions(config),
  providers: createProviders(services),
  host,
  secret: 'benchmark',
  log,
  searchAttributes: true,
  isFull: async () => false,
  lastHost: async () => undefined,
  hasPollers: async () => true,
  enterQuota: async () => {},
  openOf: async () => [],
  images: { images: new HostImages(services), secret: 'benchmark', tell: async () => {} },
  wantImage: async () => {},
});
const connection = await NativeConnection.connect(connectionOptions(config));
const workflowBundle = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('bare-workflow.js', import.meta.url)),
});
const { boots, cachedWorkflows: maxCachedWorkflows } = config.worker;
const workers = await Promise.all([
  Worker.create({ connection, taskQueue: BARE_QUEUE, workflowBundle, activities, maxCachedWorkflows }),
  ...[bootQueue(host), stopQueue(host)].map((taskQueue) =>
    Worker.create({ connection, taskQueue, activities, maxConcurrentActivityTaskExecutions: boots }),
  ),
]);
process.once('disconnect', () => {
  for (const worker of workers) worker.shutdown();
});
const running = Promise.all(workers.map((worker) => worker.run()));
process.send?.({ ready: true });
await running;
process.exit();
