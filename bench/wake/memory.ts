import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchContext, Benchmark } from '../contract.js';
import { type BenchStack, startStack } from '../stack.js';
import { stampingResource } from './journal.js';

const HELD = 1000;
const BODY = Buffer.alloc(256 * 1024, 'b');
const SOAK_REQUESTS = 120_000;
const SOAK_CLIENTS = 32;
const SETTLE_MS = 3000;

/** What waiting clients cost the proxy, and whether traffic leaves something behind. */
export const memory: Benchmark = {
  name: 'memory',
  about: 'memory per held request and idle connection; RSS over a soak',
  async run(context) {
    const never = { health: { path: '/', status: 299 }, boot: { timeout: '10m' } };
    const stack = await startStack(context, {
      resources: {
        hello: stampingResource('hello', join(context.folder, 'journal')),
        never: stampingResource('never', join(context.folder, 'never'), never),
      },
    });
    await soak(stack, 5000, context);
    const idle = await perClient(context, stack, () => 'GET /hello HTTP/1.1\r\nHost: a\r\n\r\n');
    const held = await perClient(context, stack, () => 'GET /never HTTP/1.1\r\nHost: a\r\n\r\n');
    const head = `POST /never HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY.length}\r\n\r\n`;
    const body = await perClient(context, stack, () => Buffer.concat([Buffer.from(head), BODY]));
    await stack.stopResource('never');
    const rss = [];
    for (let part = 1; part <= 4; part++) {
      await soak(stack, SOAK_REQUESTS / 4, context);
      rss.push(await settled(stack));
      context.say(`soak ${part} of 4: ${Math.round(rss.at(-1) ?? 0)} KiB`);
    }
    await stack.stopResource('hello');
    return {
      figures: [
        { what: 'idle keep-alive connection', value: idle, unit: 'KiB' },
        {
          what: 'held request without a body, beyond its connection',
          value: held - idle,
          unit: 'KiB',
          budget: { better: 'smaller', least: 4 },
        },
        {
          what: 'held request with a body, beyond its connection',
          value: body - idle,
          unit: 'KiB',
          budget: { better: 'smaller', least: 64 },
        },
        {
          what: 'RSS at the end of the soak, against its first quarter',
          value: (rss.at(-1) ?? 0) / (rss[0] ?? 1),
          unit: '',
          budget: { better: 'smaller', least: 1.05 },
        },
      ],
      plots: [],
      notes: [
        `${HELD} clients each; the soak is ${SOAK_REQUESTS} requests over ${SOAK_CLIENTS} connections.`,
      ],
      raw: { idle, held, body, rss },
    };
  },
};

function rssKiB({ proxy }: BenchStack): number {
  const pages = Number(readFileSync(`/proc/${proxy.pid}/statm`, 'latin1').split(' ')[1]);
  return pages * 4;
}

async function settled(stack: BenchStack): Promise<number> {
  await delay(SETTLE_MS);
  return rssKiB(stack);
}

/** KiB of the proxy for each of many clients that sent this and got, or wait for, their answer. */
async function perClient(
  context: BenchContext,
  stack: BenchStack,
  bytes: () => string | Buffer,
): Promise<number> {
  const before = await settled(stack);
  const sockets: Socket[] = [];
  for (let n = 0; n < HELD && !context.signal.aborted; n++) {
    const socket = connect(stack.proxyPort, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    socket.write(bytes());
    sockets.push(socket);
    if (n % 50 === 0) await delay(10);
  }
  const after = await settled(stack);
  for (const socket of sockets) socket.destroy();
  await delay(SETTLE_MS);
  return (after - before) / HELD;
}

async function soak(stack: BenchStack, requests: number, { signal }: BenchContext): Promise<void> {
  let left = requests;
  const client = async () => {
    while (left-- > 0 && !signal.aborted) {
      const response = await fetch(`http://127.0.0.1:${stack.proxyPort}/hello`);
      if (response.status !== 200) throw new Error(`status ${response.status} in the soak`);
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: SOAK_CLIENTS }, client));
}
