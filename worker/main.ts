import { setTimeout as delay } from 'node:timers/promises';
import { NativeConnection, type Worker } from '@temporalio/worker';
import { Definitions } from '../activities/definitions.js';
import { HostImages } from '../activities/images/host-images.js';
import { createLifecycleActivities } from '../activities/lifecycle.js';
import { createProviders, type ProviderServices } from '../activities/providers/table.js';
import {
  type Config,
  definitionOf,
  diffConfigs,
  hostName,
  isNamedAfter,
  poolOfMember,
  type Service,
  type ServiceOptions,
  stateDir,
} from '../config/index.js';
import {
  connectionOptions,
  connectTemporal,
  enterQuota,
  hasPollers,
  ResourceClient,
  type TemporalConnection,
  tellProgress,
  wantImage,
} from '../temporal/index.js';
import type { Tracing } from '../tracing/contract.js';
import { startTracing } from '../tracing/start.js';
import { findSearchAttributes } from './cluster.js';
import { follow } from './follow.js';
import { tellImages } from './image-metrics.js';
import { collectImages, releaseUnused } from './images.js';
import { WorkerMetrics } from './metrics.js';
import { MetricsServer } from './metrics-server.js';
import { keepMinimum, removeGone } from './pools.js';
import { type ReconcileServices, reconcile } from './reconcile.js';
import { installRuntime } from './sdk-runtime.js';
import { keepSeeding } from './seeding.js';
import { createWorkers } from './task-queues.js';

const RETRY_MS = 1000;
const WITHOUT = {
  missing: 'the search attributes of Reveille are not registered',
  untold: 'Temporal does not let this account list search attributes',
};
/** Between two rounds of the providers' housekeeping: bounded log files, mostly. */
const MAINTAIN_MS = 5000;

/** Hosts the workflows and activities. Waits for Temporal where it is away, at its start and later. */
export async function startWorker(options: ServiceOptions): Promise<Service> {
  const { config, log, secret } = options;
  const metrics = new WorkerMetrics();
  const sdkUrl = await installRuntime(log, config.worker.metrics !== undefined);
  const server = new MetricsServer({ config, secret, registry: metrics.registry, sdkUrl, log });
  await server.listen();
  const tracing = await startTracing(config, 'worker', log);
  const service = new WorkerService(options, connectTemporal(config), { metrics, server, tracing });
  await service.start();
  return service;
}

/** By what others hear of its work. */
interface Told {
  metrics: WorkerMetrics;
  server: MetricsServer;
  tracing: Tracing | undefined;
}

class WorkerService implements Service {
  private readonly closing = new AbortController();
  private readonly definitions: Definitions;
  private readonly parts: ReconcileServices;
  private workers: Worker[] = [];
  private running: Promise<void> = Promise.resolve();
  private housekeeping: Promise<unknown> = Promise.resolve();
  private readonly host: ProviderServices;
  private connection: NativeConnection | undefined;

  constructor(
    private readonly options: ServiceOptions,
    private readonly temporal: TemporalConnection,
    private readonly told: Told,
  ) {
    const { config, log } = options;
    const host = hostName(config);
    this.definitions = new Definitions(config);
    told.metrics.names = (name) => poolOfMember(this.definitions.current, name) ?? name;
    this.host = { config, stateDir: stateDir(config), host, log };
    const providers = createProviders(this.host);
    const resources = new ResourceClient(temporal);
    const images = new HostImages(this.host);
    tellImages(told.metrics.registry, images);
    this.parts = { definitions: this.definitions, providers, resources, images, host, log };
  }

  async start(): Promise<void> {
    this.workers = await this.untilConnected();
    this.running = this.keepRunning();
    this.housekeeping = Promise.all([
      this.keepReconciled(),
      this.keepMaintained(),
      this.keepImages(),
      keepSeeding(this.parts.images, this.options.log, this.closing.signal),
      follow(this.parts, () => this.options.reloadAll?.(), this.closing.signal),
    ]);
  }

  async reload(config: Config): Promise<void> {
    const { removed } = diffConfigs(this.definitions.current, config);
    this.definitions.reload(config);
    this.host.config = config;
    for (const name of await this.leaving(removed)) {
      const stopped = await this.parts.resources.stop(name, { reason: 'taken out of the configuration' });
      if (stopped)
        this.options.log.info({ resource: name }, 'stopped: it was taken out of the configuration');
    }
  }

  /** What is taken out, with the members of pools that are. */
  private async leaving(removed: string[]): Promise<string[]> {
    if (removed.length === 0) return [];
    const open = await this.parts.resources.list();
    const { current } = this.definitions;
    const isMember = (name: string) => removed.some((pool) => isNamedAfter(pool, name));
    return [
      ...removed,
      ...open.filter((name) => isMember(name) && definitionOf(current, name) === undefined),
    ];
  }

  async close(): Promise<void> {
    this.closing.abort();
    for (const worker of this.workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await this.running;
    await this.housekeeping;
    await this.told.server.close();
    await this.parts.images.close();
    await this.told.tracing?.close();
    await this.connection?.close();
    await this.temporal.close();
  }

  private async untilConnected(): Promise<Worker[]> {
    for (let told = false; ; told = true) {
      this.closing.signal.throwIfAborted();
      try {
        return await this.connect();
      } catch (error) {
        if (!told) this.options.log.warn({ err: error }, 'waiting for Temporal');
        await delay(RETRY_MS, undefined, { signal: this.closing.signal });
      }
    }
  }

  private async connect(): Promise<Worker[]> {
    const { config, log, secret } = this.options;
    const { providers, host } = this.parts;
    this.connection ??= await NativeConnection.connect(connectionOptions(config));
    const found = await findSearchAttributes(this.temporal);
    const searchAttributes = found === 'registered';
    if (!searchAttributes) log.warn(`${WITHOUT[found]}: phases are not shown in lists`);
    const activities = createLifecycleActivities({
      definitions: this.definitions,
      providers,
      host,
      secret,
      log,
      searchAttributes,
      hasPollers: (queue) => hasPollers(this.temporal, queue, 'activity'),
      isFull: (...question) => this.parts.resources.isFull(...question),
      // A server of our own listens on loopback: there is one host.
      lastHost: async (name) =>
        'embedded' in config.temporal ? undefined : await this.parts.resources.lastHost(name),
      enterQuota: (...ask) => enterQuota(this.temporal, ...ask),
      images: { images: this.parts.images, secret, tell: (...news) => tellProgress(this.temporal, ...news) },
      wantImage: (...ask) => wantImage(this.temporal, ...ask),
      openOf: (names) => this.parts.resources.openOf(names),
    });
    const kinds = Object.values(providers);
    return createWorkers({
      config,
      connection: this.connection,
      namespace: this.temporal.namespace,
      host,
      activities,
      metrics: this.told.metrics,
      tracing: this.told.tracing,
      hostBound: kinds.some(({ hostBound }) => hostBound),
      anywhere: kinds.some(({ hostBound }) => !hostBound),
    });
  }

  /** A worker that fails (the cluster refused it) is made again. */
  private async keepRunning(): Promise<void> {
    while (!this.closing.signal.aborted) {
      try {
        await Promise.all(this.workers.map((worker) => worker.run()));
        if (this.closing.signal.aborted) return;
        throw new Error('a worker ended by itself');
      } catch (error) {
        this.options.log.error({ err: error }, 'a worker failed');
        for (const worker of this.workers) if (worker.getState() === 'RUNNING') worker.shutdown();
        this.workers = await this.untilConnected().catch(() => []);
      }
    }
  }

  private async keepReconciled(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      for (const round of [reconcile, keepMinimum, removeGone, releaseUnused]) {
        await round(this.parts, signal).catch((error: unknown) => {
          if (!signal.aborted)
            this.options.log.warn({ err: error }, 'could not reconcile; it is tried again');
        });
      }
      await delay(this.definitions.current.reconcile, undefined, { signal }).catch(() => {});
    }
  }

  private async keepImages(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      await collectImages(this.parts, signal).catch((error: unknown) => {
        if (!signal.aborted) this.options.log.warn({ err: error }, 'no room could be made among the images');
      });
      await delay(this.definitions.current.images.collect, undefined, { signal }).catch(() => {});
    }
  }

  private async keepMaintained(): Promise<void> {
    const { signal } = this.closing;
    const context = { signal, heartbeat: () => {} };
    while (!signal.aborted) {
      for (const provider of Object.values(this.parts.providers)) {
        await provider.maintain?.(context).catch((error: unknown) => {
          this.options.log.warn({ err: error }, 'housekeeping failed');
        });
      }
      await delay(MAINTAIN_MS, undefined, { signal }).catch(() => {});
    }
  }
}
