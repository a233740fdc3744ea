import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { House } from '../kit/house.js';
import { type Sum, someBytes, takeBytes } from '../kit/house-bytes.js';
import { memoryPeaks } from '../kit/house-memory.js';
import { WholeHouse } from '../kit/house-up.js';
import { freePorts } from '../kit/ports.js';

const APP = fileURLToPath(new URL('../kit/house-tcp-app.js', import.meta.url));
const MIB = 2 ** 20;
const SIZE = 1024 * MIB;
/** Far below what passes, far above what a proxy of Node needs. */
const MOST = 400 * MIB;
/** What garbage may add between two collections. */
const WOBBLE = 100 * MIB;

function tcpApp(port: number, rest: object = {}) {
  const process_ = { command: [process.execPath, APP] };
  return { provider: 'process', process: process_, routes: [{ tcp: `127.0.0.1:${port}` }], ...rest };
}

async function dial(port: number, firstLine: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  socket.write(`${firstLine}\n`);
  return socket;
}

/** One question and its answer. */
async function echoes(port: number): Promise<boolean> {
  const socket = await dial(port, 'echo');
  socket.end('hello');
  return String(Buffer.concat(await socket.toArray())) === 'hello';
}

test('a herd of connections to a sleeping resource causes one boot, and each gets its own answer', async () => {
  const [port = 0] = await freePorts(1);
  await House.live({ resources: { herd: tcpApp(port) } }, async (house) => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const socket = await dial(port, 'echo');
        socket.end(`I am ${i}`);
        return String(Buffer.concat(await socket.toArray()));
      }),
    );
    assert.deepEqual(
      answers,
      Array.from({ length: 100 }, (_, i) => `I am ${i}`),
    );
    assert.equal(house.journal('start').length, 1);
  });
});

test('an open connection keeps awake however silent it is, and its end lets sleep', async () => {
  const [port = 0] = await freePorts(1);
  const resources = { quiet: tcpApp(port, { idle: { after: '1s' } }) };
  await House.live({ resources }, async (house) => {
    const socket = await dial(port, 'echo');
    await house.journaled('start');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    assert.equal(house.journal('end').length, 0);
    socket.end('still here');
    assert.equal(String(Buffer.concat(await socket.toArray())), 'still here');
    await house.journaled('end');
  });
});

for (const way of ['up', 'down'] as const) {
  test(`1 GiB goes ${way} through a TCP door whole, in flat memory`, async () => {
    const [port = 0] = await freePorts(1);
    await House.live({ resources: { big: tcpApp(port) } }, async (house) => {
      assert.ok(await echoes(port));
      const { peaks, sum } = way === 'up' ? await upload(house, port) : await download(house, port);
      assert.equal(sum.bytes, SIZE);
      const { early, late } = peaks;
      assert.ok(late < MOST, `${Math.round(late / MIB)} MiB`);
      assert.ok(late < early + WOBBLE, `from ${Math.round(early / MIB)} to ${Math.round(late / MIB)} MiB`);
    });
  });
}

async function upload(house: House, port: number) {
  const { stream, sum } = someBytes(SIZE);
  const socket = await dial(port, 'take');
  const sending = once(stream.pipe(socket), 'finish');
  const peaks = await memoryPeaks(house.proxy.pid, () => sum.bytes / SIZE, sending);
  const { bytes, crc } = JSON.parse(String(Buffer.concat(await socket.toArray()))) as Sum;
  assert.deepEqual({ bytes, crc }, sum);
  return { peaks, sum };
}

async function download(house: House, port: number) {
  const sum: Sum = { bytes: 0, crc: 0 };
  const socket = await dial(port, `give ${SIZE}`);
  const peaks = await memoryPeaks(house.proxy.pid, () => sum.bytes / SIZE, takeBytes(socket, sum));
  socket.end();
  const { bytes, crc } = await house.journaled('sent');
  assert.deepEqual(sum, { bytes, crc });
  return { peaks, sum };
}

/** The proxy that `up` has started last. */
function proxyPid(house: WholeHouse): number | undefined {
  return house.living().find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').includes('reveille proxy');
    } catch {
      return false;
    }
  });
}

async function killProxy(house: WholeHouse): Promise<void> {
  const pid = await eventually('there is a proxy', () => proxyPid(house));
  process.kill(pid, 'SIGKILL');
}

test(
  'while the proxy is away nobody is refused at a TCP door, also at one that a reload has added',
  needs('temporal'),
  async () => {
    const [first = 0, second = 0] = await freePorts(2);
    await WholeHouse.live({ resources: { app: tcpApp(first) } }, async (house) => {
      assert.ok(await echoes(first));
      await killProxy(house);
      assert.ok(await echoes(first));
      const text = readFileSync(house.file, 'utf8');
      writeFileSync(house.file, text.replace(`127.0.0.1:${first}`, `127.0.0.1:${second}`));
      process.kill(house.up.pid, 'SIGHUP');
      await eventually('the new door is open', () => echoes(second));
      await eventually('the old one is closed', () => echoes(first).then(() => false, isRefused));
      await killProxy(house);
      assert.ok(await echoes(second));
      assert.equal(house.journal('start').length, 1);
    });
  },
);

test('a reload to a port that is taken is refused, and the old doors stay', needs('temporal'), async () => {
  const [port = 0] = await freePorts(1);
  await WholeHouse.live({ resources: { app: tcpApp(port) } }, async (house) => {
    const taken = Number(house.control.split(':')[1]);
    const text = readFileSync(house.file, 'utf8');
    writeFileSync(house.file, text.replace(`127.0.0.1:${port}`, `127.0.0.1:${taken}`));
    process.kill(house.up.pid, 'SIGHUP');
    await eventually('it says why', () => /refused, the old one stays/.test(house.up.output()));
    assert.ok(await echoes(port));
  });
});

function isRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
}
