import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { Definitions } from '../../activities/definitions.js';
import { HostImages } from '../../activities/images/host-images.js';
import { createLifecycleActivities } from '../../activities/lifecycle.js';
import { type Config, configSchema } from '../../config/index.js';
import { LeaseGate } from '../../proxy/gate.js';
import { InternalServer } from '../../proxy/internal.js';
import {
  connectTemporal,
  enterQuota,
  hasPollers,
  ResourceClient,
  type TemporalConnection,
  tellProgress,
  wantImage,
} from '../../temporal/index.js';

import { WorkerMetrics } from '../../worker/metrics.js';
import { installRuntime } from '../../worker/sdk-runtime.js';
import { createWorkers } from '../../worker/task-queues.js';
import { FakeProvider } from './fake-provider.js';
import { TemporalServer } from './temporal-server.js';

export const quiet = pino({ level: process.env.REVEILLE_TEST_LOG ?? 'silent' });
const SECRET = 'test secret';
const BUNDLE = fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url));

/** A gate with its own Temporal connection and control address, as a proxy process has. */
export interface TestProxy {
  gate: LeaseGate;
  at: string;
  temporal: TemporalConnection;
  close(): Promise<void>;
}

/** Temporal for real, a worker with a provider that the test controls, and any number of gates; one process. */
export class Stack {
  readonly provider = new FakeProvider('test-host');
  config: Config;
  resources!: ResourceClient;
  temporal!: TemporalConnection;
  private workers: Worker[] = [];
  private running: Promise<unknown> = Promise.resolve();
  private connection: NativeConnection | undefined;
  private readonly proxies: TestProxy[] = [];
  private readonly definitions: Definitions;
  readonly images: HostImages;

  private constructor(
    readonly server: TemporalServer,
    readonly folder: string,
    file: Record<string, unknown>,
  ) {
    const { address } = server;
    this.config = {
      ...configSchema.parse({ ...file, temporal: { address }, state: join(this.folder, 'state') }),
      file: undefined,
      folder: this.folder,
    };
    this.definitions = new Definitions(this.config);
    this.images = new HostImages({
      config: this.config,
      stateDir: join(this.folder, 'state'),
      host: 'test-host',
      log: quiet,
    });
  }

  /** @param resources as in reveille.yaml; provider settings are filled in. */
  static async start(
    resources: Record<string, Record<string, unknown>>,
    top: Record<string, unknown> = {},
    options: { database?: boolean } = {},
  ): Promise<Stack> {
    const filled = Object.entries(resources).map(([name, definition]) => [
      name,
      { provider: 'process', process: { command: ['unused'] }, health: 'none', ...definition },
    ]);
    const folder = mkdtempSync(join(tmpdir(), 'reveille-stack-'));
    const server = await TemporalServer.start(options.database ? join(folder, 'temporal.db') : undefined);
    const stack = new Stack(server, folder, { ...top, resources: Object.fromEntries(filled) });
    stack.temporal = connectTemporal(stack.config);
    stack.resources = new ResourceClient(stack.temporal);
    await stack.startWorker();
    return stack;
  }

  async startWorker(): Promise<void> {
    await installRuntime(quiet);
    this.connection ??= await NativeConnection.connect({ address: this.server.address });
    const { provider, config } = this;
    const host = 'test-host';
    const activities = createLifecycleActivities({
      definitions: this.definitions,
      providers: { process: provider },
      host,
      secret: SECRET,
      log: quiet,
      searchAttributes: true,
      hasPollers: (queue) => hasPollers(this.temporal, queue, 'activity'),
      enterQuota: (...ask) => enterQuota(this.temporal, ...ask),
      images: {
        images: this.images,
        secret: SECRET,
        tell: (...news) => tellProgress(this.temporal, ...news),
      },
      wantImage: (...ask) => wantImage(this.temporal, ...ask),
      openOf: (names) => this.resources.openOf(names),
      isFull: (...question) => this.resources.isFull(...question),
      lastHost: (name) => this.resources.lastHost(name),
    });
    const { connection } = this;
    this.workers = await createWorkers({
      metrics: new WorkerMetrics(),
      config,
      connection,
      namespace: 'default',
      host,
      activities,
      hostBound: true,
      anywhere: false,
    });
    this.running = Promise.all(this.workers.map((worker) => worker.run()));
  }

  async stopWorker(): Promise<void> {
    for (const worker of this.workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await this.running;
  }

  /** As SIGHUP does: the worker goes on with another definition of that resource. */
  reload(name: string, changes: object): void {
    const definition = this.config.resources[name];
    if (!definition) throw new Error(`no resource ${name}`);
    this.reloadTop({ resources: { ...this.config.resources, [name]: { ...definition, ...changes } } });
  }

  /** As SIGHUP does, with other settings than those of a resource. */
  reloadTop(changes: Partial<Config>): void {
    this.config = { ...this.config, ...changes };
    this.definitions.reload(this.config);
  }

  /**
   * @param temporalAddress where this proxy finds Temporal: a relay, say.
   * @param reachedAt turns the proxy's control address into the one that it tells: that of a relay, say.
   */
  async proxy(
    temporalAddress = this.server.address,
    reachedAt: (at: string) => string | Promise<string> = (at) => at,
  ): Promise<TestProxy> {
    const config = {
      ...this.config,
      temporal: { ...this.config.temporal, address: temporalAddress },
    } as Config;
    const temporal = connectTemporal(config);
    const registry = new Registry();
    let gate: LeaseGate | undefined;
    const internal = new InternalServer({
      config,
      secret: SECRET,
      registry,
      answer: (...question) => {
        if (!gate) throw new Error('too early');
        return gate.answer(...question);
      },
    });
    const at = await reachedAt(await internal.listen());
    gate = new LeaseGate(config, { temporal, at, log: quiet, registry });
    const started = gate;
    const proxy = {
      gate,
      at,
      temporal,
      close: async () => {
        await started.close();
        await internal.close();
        await temporal.close();
      },
    };
    this.proxies.push(proxy);
    return proxy;
  }

  /** Runs every history that is closed through the workflow's code once more: it must do the same again. */
  async replayAll(): Promise<number> {
    const { client } = this.temporal;
    let count = 0;
    for await (const { workflowId, runId } of client.workflow.list({
      query: "ExecutionStatus != 'Running'",
    })) {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      await Worker.runReplayHistory({ workflowBundle: { codePath: BUNDLE } }, history, workflowId);
      count += 1;
    }
    return count;
  }

  /** Ends everything, also where one of its parts cannot end: the test would never end either. */
  async close(): Promise<void> {
    const steps: (() => unknown)[] = [
      () => Promise.all(this.proxies.map((proxy) => proxy.close())),
      () => this.stopWorker(),
      () => this.temporal.close(),
      () => this.connection?.close(),
      () => this.images.close(),
      () => this.server.kill(),
      () => this.provider.closeAll(),
      () => rmSync(this.folder, { recursive: true, force: true }),
    ];
    const failures: unknown[] = [];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be ended');
  }
}

/** A server of the test's own on a free port. */
export async function listening(server: Server = createServer()): Promise<{ server: Server; port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}
