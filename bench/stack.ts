/** Temporal on a database file, a worker and a proxy, each a process as `reveille up` runs them. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../config/index.js';
import { connectTemporal, ResourceClient, type TemporalConnection } from '../temporal/index.js';
import { TemporalServer } from '../test/kit/temporal-server.js';
import type { StopMode } from '../workflows/messages.js';
import { startChild } from './child.js';
import type { BenchContext } from './contract.js';

const STOP_MS = 30_000;

export interface StackOptions {
  /** As in reveille.yaml. */
  resources: Record<string, unknown>;
  /** The one core of the proxy; undefined: all. */
  proxyCore?: number;
  /** Arguments of Node for the proxy, to profile it with. */
  proxyArgs?: readonly string[];
}

export interface BenchStack {
  /** Address of Temporal's API. */
  temporal: string;
  proxy: ChildProcess;
  proxyPort: number;
  worker: ChildProcess;
  configFile: string;
  /** Puts a resource to sleep, and waits until it is: what a worker started outlives the worker. */
  stopResource(name: string, then?: StopMode): Promise<void>;
}

/** Starts all parts; they end with the benchmark. */
export async function startStack(context: BenchContext, options: StackOptions): Promise<BenchStack> {
  const server = await TemporalServer.start(join(context.folder, 'temporal.db'));
  context.defer(() => server.kill('SIGTERM'));
  const configFile = join(context.folder, 'reveille.yaml');
  const config = {
    proxy: { listen: '127.0.0.1:0', drain: '1s' },
    temporal: { address: server.address },
    state: join(context.folder, 'state'),
    resources: options.resources,
  };
  // JSON is YAML.
  writeFileSync(configFile, JSON.stringify(config));
  const part = fileURLToPath(new URL('part.js', import.meta.url));
  const node = [process.execPath, ...(options.proxyArgs ?? []), part];
  const worker = startChild(context, [process.execPath, part, 'worker', configFile], {
    name: 'worker',
    ipc: true,
  });
  const proxy = startChild(context, [...node, 'proxy', configFile], {
    name: 'proxy',
    core: options.proxyCore,
    ipc: true,
  });
  const [address] = await Promise.all([started(proxy), started(worker)]);
  const temporal = connectTemporal(loadConfig(configFile));
  context.defer(() => temporal.close());
  return {
    temporal: server.address,
    proxy,
    proxyPort: Number(address.split(':').pop()),
    worker,
    configFile,
    stopResource: (name, then) => stopResource(temporal, name, then),
  };
}

async function stopResource(
  temporal: TemporalConnection,
  name: string,
  then: StopMode = 'stop',
): Promise<void> {
  const resources = new ResourceClient(temporal);
  await resources.stop(name, { then, reason: 'the benchmark goes on' });
  await resources.untilAsleep(name, AbortSignal.timeout(STOP_MS));
}

async function started(child: ChildProcess): Promise<string> {
  const [message] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`a part ended at its start with code ${code}: ${child.spawnargs.join(' ')}`);
    }),
  ]);
  return String((message as { address?: string }).address ?? '');
}
