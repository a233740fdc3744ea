import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { liveWithJupyter } from '../kit/house-jupyter.js';

const IDLE_MS = 3000;
const idle = `${IDLE_MS}ms`;
const engine = needs('jupyter');

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test(
  'Jupyter is woken by its API, falls asleep, and is woken again by a download that comes whole',
  engine,
  () =>
    liveWithJupyter(idle, async (house, jupyter) => {
      const { content } = (await (await jupyter.call('GET', 'api/contents')).json()) as {
        content: unknown[];
      };
      assert.deepEqual(content, []);
      await house.untilAsleep('jupyter');
      const bytes = randomBytes(5_000_000);
      writeFileSync(house.path('notebooks/data.bin'), bytes);
      const response = await jupyter.call('GET', 'files/data.bin');
      assert.equal(sha256(new Uint8Array(await response.arrayBuffer())), sha256(bytes));
      assert.match(response.headers.get('server-timing') ?? '', /health/);
    }),
);

test(
  'a kernel computes over its WebSocket, which keeps Jupyter awake; once it is closed, Jupyter sleeps',
  engine,
  () =>
    liveWithJupyter(idle, async (house, jupyter) => {
      const kernel = await jupyter.startKernel();
      assert.equal(await kernel.compute('x = 6 * 7; x'), '42');
      const before = await house.resources.status('jupyter');
      await delay(2 * IDLE_MS + 1000);
      assert.equal(await kernel.compute('x + 1'), '43');
      const after = await house.resources.status('jupyter');
      assert.equal(after?.generation, before?.generation);
      kernel.socket.close();
      await house.untilAsleep('jupyter');
    }),
);

test('a WebSocket handshake while Jupyter sleeps is held and then passed on', engine, () =>
  liveWithJupyter(idle, async (house, jupyter) => {
    assert.equal(await house.resources.openRun('jupyter'), undefined);
    const socket = await jupyter.socket('api/events/subscribe');
    assert.equal((await house.resources.status('jupyter'))?.phase, 'ready');
    socket.close();
    await house.untilAsleep('jupyter');
    const again = await jupyter.socket('api/events/subscribe');
    again.close();
  }),
);

test('a kernel that computes with nobody watching keeps Jupyter awake, by the idle probe', engine, () =>
  liveWithJupyter(idle, async (house, jupyter) => {
    const kernel = await jupyter.startKernel();
    await kernel.compute('1');
    kernel.send('import time\nwhile True: time.sleep(0.1)');
    await eventually('the kernel is busy', async () => {
      const state = (await (await jupyter.call('GET', `api/kernels/${kernel.id}`)).json()) as {
        execution_state: string;
      };
      return state.execution_state === 'busy';
    });
    kernel.socket.close();
    await eventually('the probe says busy', async () =>
      (await house.resources.status('jupyter'))?.keptAwakeBy.includes('idle probe says busy'),
    );
    await jupyter.call('POST', `api/kernels/${kernel.id}/interrupt`);
    await house.untilAsleep('jupyter');
  }),
);

test('a terminal that has printed of late keeps Jupyter awake with nobody watching', engine, () =>
  liveWithJupyter(idle, async (house, jupyter) => {
    const { name } = (await (await jupyter.call('POST', 'api/terminals')).json()) as { name: string };
    await eventually('the probe says busy', async () =>
      (await house.resources.status('jupyter'))?.keptAwakeBy.includes('idle probe says busy'),
    );
    await jupyter.call('DELETE', `api/terminals/${name}`);
    await house.untilAsleep('jupyter');
  }),
);
