import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, loadConfig } from '../../config/index.js';
import { connectTemporal } from '../../temporal/index.js';
import { startChild } from '../child.js';
import type { BenchContext, Benchmark } from '../contract.js';
import { type BenchStack, startStack } from '../stack.js';
import { BARE_QUEUE } from './bare.js';
import { quantile } from './journal.js';

const RESOURCES = 200;
const ROUNDS = 5;

/** Two hundred resources woken at once, against a workflow with the same activities and nothing around it. */
export const storm: Benchmark = {
  name: 'storm',
  about: `${RESOURCES} resources at once, against the bare engine`,
  async run(context) {
    const origin = createServer((_request, response) => response.end('here'));
    origin.listen(0, '0.0.0.0');
    await once(origin, 'listening');
    context.defer(() => void origin.close());
    const stack = await startStack(context, {
      resources: resourcesOn((origin.address() as AddressInfo).port),
    });
    const bare = await startBare(context, stack);
    const ratios: number[] = [];
    const rates: { reveille: number; bare: number }[] = [];
    for (let round = -1; round < ROUNDS && !context.signal.aborted; round++) {
      const bareMs = await bare();
      const ownMs = await wakeAll(stack);
      context.say(`round ${round + 1}: ${Math.round(ownMs)} ms, bare ${Math.round(bareMs)} ms`);
      if (round < 0) continue;
      ratios.push(bareMs / ownMs);
      rates.push({ reveille: (RESOURCES * 1000) / ownMs, bare: (RESOURCES * 1000) / bareMs });
    }
    const median = (of: 'reveille' | 'bare') =>
      quantile(
        rates.map((rate) => rate[of]),
        0.5,
      );
    return {
      figures: [
        {
          what: 'wakes/s against the bare engine, p50',
          value: quantile(ratios, 0.5),
          unit: '',
          budget: { better: 'larger', least: 0.7, aim: 0.85 },
        },
        {
          what: 'wakes/s',
          value: median('reveille'),
          unit: '/s',
        },
      ],
      plots: [
        {
          kind: 'bars',
          name: 'storm',
          title: `${RESOURCES} resources woken at once`,
          unit: 'wakes/s',
          bars: [
            { label: 'bare engine', value: median('bare') },
            { label: 'Reveille', value: median('reveille') },
          ],
        },
      ],
      notes: [
        `${ROUNDS} rounds after one that warms up, interleaved; every request answered. Each instance is \`sleep\` with a shared origin as its endpoint.`,
      ],
      raw: { ratios, rates },
    };
  },
};

const nameOf = (n: number) => `r${n}`;

/** Each on a loopback address of its own, all answered by one origin: the engine is measured, not 200 boots of Node. */
function resourcesOn(port: number): Record<string, unknown> {
  const definitions = Array.from({ length: RESOURCES }, (_, n) => [
    nameOf(n),
    {
      provider: 'process',
      process: { command: ['sleep', '3600'] },
      endpoint: { host: `127.0.1.${n + 1}`, port },
      health: { tcp: true },
      routes: [{ path: `/${nameOf(n)}` }],
    },
  ]);
  return Object.fromEntries(definitions);
}

async function wakeAll(stack: BenchStack): Promise<number> {
  const names = Array.from({ length: RESOURCES }, (_, n) => nameOf(n));
  const began = performance.now();
  await Promise.all(
    names.map(async (name) => {
      const response = await fetch(`http://127.0.0.1:${stack.proxyPort}/${name}`);
      if (response.status !== 200 || (await response.text()) !== 'here')
        throw new Error(`${name}: ${response.status}`);
    }),
  );
  const took = performance.now() - began;
  await Promise.all(names.map((name) => stack.stopResource(name)));
  return took;
}

/** @returns what runs one round of the bare engine, in ms. */
async function startBare(context: BenchContext, stack: BenchStack): Promise<() => Promise<number>> {
  const configFile = join(context.folder, 'bare.yaml');
  const { resources, temporal } = loadConfig(stack.configFile);
  const file = { temporal, state: join(context.folder, 'bare'), resources: plain(resources) };
  writeFileSync(configFile, JSON.stringify(file));
  const script = fileURLToPath(new URL('bare-worker.js', import.meta.url));
  const child = startChild(context, [process.execPath, script, configFile], { name: 'bare', ipc: true });
  await once(child, 'message');
  const { client, close } = connectTemporal(loadConfig(stack.configFile));
  context.defer(close);
  let round = 0;
  const run = (type: string, id: string, args: unknown[]) =>
    client.workflow.execute(type, { taskQueue: BARE_QUEUE, workflowId: `${id}-${round}`, args });
  return async () => {
    round++;
    const names = Array.from({ length: RESOURCES }, (_, n) => nameOf(n));
    const began = performance.now();
    const generations = await Promise.all(names.map((name) => run('bareWake', `wake-${name}`, [name])));
    const took = performance.now() - began;
    await Promise.all(names.map((name, n) => run('bareStop', `stop-${name}`, [name, generations[n]])));
    return took;
  };
}

/** Back from milliseconds to what the file may say. */
function plain(resources: Config['resources']): object {
  const entries = Object.entries(resources).map(([name, { process, endpoint }]) => [
    name,
    { provider: 'process', process: { command: process?.command }, endpoint, health: { tcp: true } },
  ]);
  return Object.fromEntries(entries);
}
