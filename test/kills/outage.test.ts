import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../kit/conditions.js';
import { app, House } from '../kit/house.js';
import { ask } from '../kit/house-client.js';
import { openSocket, Traffic } from '../kit/use.js';

const IDLE_MS = 4000;
/** Well past the idle deadline, and past all that a late timer is re-armed for. */
const LONG_MS = 3 * IDLE_MS;
const definition = () => ({ idle: { after: `${IDLE_MS}ms` }, lease: { time: '2s' } });

test('Temporal down across the idle deadline: warm requests go on, and nothing in use is stopped when it is back', () => {
  const resources = {
    asked: app({}, { ...definition(), routes: [{ path: '/asked', strip: true }] }),
    open: app({}, { ...definition(), routes: [{ path: '/open', strip: true }] }),
  };
  return House.live({ durable: true, resources }, async (house) => {
    const { pid } = await ask(house.url('/asked/'));
    const socket = await openSocket(house.url('/open/'));
    const traffic = new Traffic(() => house.url('/asked/'), 50);
    await house.disconnect();
    await house.temporal.kill('SIGKILL');
    await delay(LONG_MS);
    assert.equal((await ask(house.url('/open/'))).resource, 'open', 'warm');
    await house.temporal.run();
    await delay(LONG_MS);
    assert.equal((await ask(house.url('/open/'))).resource, 'open');
    assert.deepEqual(house.journal('term'), []);
    await eventually('leases are renewed again', async () => {
      const leases = await Promise.all(
        ['asked', 'open'].map(async (name) => (await house.resources.status(name))?.leases ?? []),
      );
      return leases.every(({ length }) => length === 1);
    });
    await traffic.end();
    assert.deepEqual(traffic.errors, []);
    assert.deepEqual(new Set(traffic.answers.map((answer) => answer.pid)), new Set([pid]));
    socket.terminate();
    await house.journaled('end', 2, 60_000);
    assert.equal(house.journal('start').length, 2);
  });
});
