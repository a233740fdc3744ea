import assert from 'node:assert/strict';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { eventually } from '../kit/conditions.js';
import { app, House } from '../kit/house.js';
import { ask, send } from '../kit/house-client.js';

const AFTER_MS = 3000;
const idle = { after: `${AFTER_MS}ms` };
/** Long enough for an idle stop that should not be. */
const USE_MS = 2 * AFTER_MS + 1000;

test('the idle stop comes at its time: never before it, and at most a second after it', (t) =>
  House.live({ resources: { sleepy: app({}, { idle }) } }, async (house) => {
    const own = monitorEventLoopDelay({ resolution: 10 });
    await ask(house.url('/'));
    own.enable();
    const before = Date.now();
    await ask(house.url('/'));
    const after = Date.now();
    const { at, stall } = await house.journaled('term');
    assert.ok(at >= before + AFTER_MS, `${before + AFTER_MS - at} ms too early`);
    // By what this process and the instance were kept waiting for a processor, Reveille may be later.
    const busy = stall + own.max / 1e6;
    const late = at - (after + AFTER_MS);
    t.diagnostic(`${late} ms late, timers ${Math.round(busy)} ms`);
    assert.ok(late <= 1000 + busy, `${late} ms late, where timers were up to ${busy} ms late`);
  }));

type Use = (house: House, until: Promise<unknown>) => Promise<void>;

async function slowDownload(house: House, until: Promise<unknown>): Promise<void> {
  const response = await send(house.url('/bytes?size=1000000000'));
  const reading = setInterval(() => response.read(1000), 100);
  await until;
  clearInterval(reading);
  assert.equal(response.destroyed, false);
  response.destroy();
}

async function slowUpload(house: House, until: Promise<unknown>): Promise<void> {
  let over = false;
  void until.then(() => {
    over = true;
  });
  async function* drops() {
    for (; !over; await delay(100)) yield Buffer.from('drop ');
  }
  const response = await send(house.url('/sink'), { method: 'POST', body: Readable.from(drops()) });
  assert.equal(response.statusCode, 200);
}

async function eventStream(house: House, until: Promise<unknown>): Promise<void> {
  const response = await send(house.url('/sse'));
  response.resume();
  await until;
  response.destroy();
}

async function webSocket(house: House, until: Promise<unknown>): Promise<void> {
  const socket = new WebSocket(`ws://${house.address}/ws`);
  await once(socket, 'open');
  await until;
  socket.send('still there?');
  const [message] = await once(socket, 'message');
  assert.equal(String(message), 'echo still there?');
  socket.terminate();
}

const uses: Record<string, Use> = {
  bytes: slowDownload,
  sink: slowUpload,
  sse: eventStream,
  ws: webSocket,
};

test('no idle stop during a long download, a slow upload, an event stream or with an open WebSocket', () => {
  const definition = (name: string) => app({}, { idle, routes: [{ path: `/${name}` }] });
  const resources = Object.fromEntries(Object.keys(uses).map((name) => [name, definition(name)]));
  return House.live({ resources }, async (house) => {
    const end = new AbortController();
    const running = Object.values(uses).map((use) => use(house, once(end.signal, 'abort')));
    await eventually('all are awake', () => house.journal('start').length === running.length);
    await delay(USE_MS);
    assert.deepEqual(house.journal('term'), []);
    const endedAt = Date.now();
    end.abort();
    await Promise.all(running);
    await house.journaled('end', running.length);
    for (const { at, resource } of house.journal('term')) {
      assert.ok(at >= endedAt + AFTER_MS, `${resource} was stopped ${at - endedAt} ms after its use`);
    }
    assert.equal(house.journal('start').length, running.length);
  });
});
