import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../kit/conditions.js';
import type { Holdings } from '../kit/hostile-child.js';
import { startInstance } from '../kit/http-bench.js';
import { freePorts } from '../kit/ports.js';

const CHILD = fileURLToPath(new URL('../kit/hostile-child.js', import.meta.url));
const MIB = 2 ** 20;
const WARM_UP = 200;
const ABORTS = 1000;
const AT_ONCE = 50;
const MOST_GROWTH = 64 * MIB;
const BLOCK = Buffer.alloc(16 * 1024, 'x');

/** An instance that reads uploads without end, answers downloads without end, and agrees to upgrades. */
async function startGreedyInstance(t: TestContext): Promise<number> {
  const { port } = await startInstance(
    t,
    ({ socket }) => {
      const pour = (): void => {
        while (!socket.destroyed && socket.write(BLOCK));
      };
      // As servers do; else what is half-closed stays so, and by right.
      socket.on('end', () => socket.end());
      socket.once('data', (chunk) => {
        const text = chunk.toString('latin1');
        if (/^GET \S+\/ws /.test(text)) {
          socket.write('HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello');
        } else if (text.startsWith('GET')) {
          socket.on('drain', pour).write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
          pour();
        } else if (!text.startsWith('POST')) socket.write('hello');
      });
    },
    { keep: false },
  );
  return port;
}

interface Proxy {
  port: number;
  tcpPort: number;
  holdings(): Promise<Holdings>;
}

async function startProxy(t: TestContext): Promise<Proxy> {
  const instancePort = await startGreedyInstance(t);
  const [tcpPort = 0] = await freePorts(1);
  const child = fork(CHILD, [String(instancePort), String(tcpPort)], { execArgv: ['--expose-gc'] });
  t.after(() => child.kill('SIGKILL'));
  const { port } = await answerOf<{ port: number }>(child);
  const holdings = async (): Promise<Holdings> => {
    child.send('now');
    return await answerOf<Holdings>(child);
  };
  return { port, tcpPort, holdings };
}

async function answerOf<T>(child: ChildProcess): Promise<T> {
  const [answer] = (await once(child, 'message')) as [T];
  return answer;
}

/** What a client sends, and what it waits for before it goes away without a word; nothing: it goes at once. */
interface Abort {
  bytes: string | Buffer;
  waitsFor?: RegExp;
  tcp?: boolean;
}

const head = (method: string, path: string, fields = '') =>
  `${method} ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const CASES: Record<string, Abort> = {
  uploads: { bytes: head('POST', '/awake/up', 'Content-Length: 100000000\r\n') + 'x'.repeat(50_000) },
  'chunked uploads': {
    bytes: `${head('POST', '/awake/up', 'Transfer-Encoding: chunked\r\n')}ffff\r\n${'x'.repeat(1000)}`,
  },
  downloads: { bytes: head('GET', '/awake/down'), waitsFor: /200 OK/ },
  upgrades: {
    bytes: head('GET', '/awake/ws', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'),
    waitsFor: /hello/,
  },
  'held requests': { bytes: head('GET', '/asleep') },
  // No more than is read of a held body: who leaves behind unread bytes is not seen to leave before the hold ends.
  'held uploads': { bytes: head('POST', '/asleep', 'Content-Length: 50000\r\n') + 'x'.repeat(5000) },
  'held upgrades': { bytes: head('GET', '/asleep', 'Connection: Upgrade\r\nUpgrade: websocket\r\n') },
  'halves of heads': { bytes: 'GET /awake HTTP/1.1\r\nHost: a\r\nX-' },
  'requests sent ahead': { bytes: head('GET', '/asleep').repeat(50) },
  'connections through a TCP door': { bytes: 'hi', waitsFor: /hello/, tcp: true },
};

async function abort(
  { port, tcpPort }: Proxy,
  { bytes, waitsFor, tcp }: Abort,
  reset: boolean,
): Promise<void> {
  const socket = connect(tcp ? tcpPort : port, '127.0.0.1').on('error', () => {});
  await new Promise<void>((resolve) =>
    socket.once('connect', () => resolve()).once('close', () => resolve()),
  );
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
  if (waitsFor) await seen(socket, waitsFor);
  if (reset) socket.resetAndDestroy();
  else socket.destroy();
}

function seen(socket: Socket, what: RegExp): Promise<void> {
  return new Promise((resolve) => {
    socket.on('data', (chunk) => {
      if (what.test(chunk.toString('latin1'))) resolve();
    });
    socket.once('close', () => resolve());
  });
}

async function abortMany(proxy: Proxy, one: Abort, count: number): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await abort(proxy, one, left % 2 === 0);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

for (const [name, one] of Object.entries(CASES)) {
  test(`${ABORTS} aborted ${name} leave no socket, no pass and no memory behind`, async (t) => {
    const proxy = await startProxy(t);
    const idle = await proxy.holdings();
    const settled = () =>
      eventually('nothing is left', async () => {
        const now = await proxy.holdings();
        return now.running + now.held + now.open === 0 && now.sockets <= idle.sockets && now;
      });
    await abortMany(proxy, one, WARM_UP);
    const before = await settled();
    await abortMany(proxy, one, ABORTS);
    const { rss } = await settled();
    const growth = Math.round((rss - before.rss) / MIB);
    t.diagnostic(`${growth} MiB`);
    assert.ok(rss - before.rss < MOST_GROWTH, `${growth} MiB more`);
  });
}

test('300 clients with slow heads and bodies are put up with, and others are served meanwhile', async (t) => {
  const proxy = await startProxy(t);
  const slow = Array.from({ length: 300 }, (_, i) => {
    const socket = connect(proxy.port, '127.0.0.1').on('error', () => {});
    t.after(() => socket.destroy());
    socket.write(i % 2 === 0 ? 'GET / HT' : `${head('POST', '/awake/up', 'Content-Length: 9\r\n')}x`);
    return socket;
  });
  await eventually('all of them are in', async () => (await proxy.holdings()).running === 150);
  for (let i = 0; i < 20; i++) {
    const socket = connect(proxy.port, '127.0.0.1');
    socket.write(head('GET', '/awake/ws', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'));
    await seen(socket, /hello/);
    socket.destroy();
  }
  for (const socket of slow) socket.destroy();
  await eventually('nothing is left', async () => (await proxy.holdings()).running === 0);
});
