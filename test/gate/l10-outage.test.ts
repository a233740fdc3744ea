import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isReveilleError } from '../../errors/index.js';
import { eventually } from '../kit/conditions.js';
import { Relay } from '../kit/relay.js';
import { Stack } from '../kit/stack.js';
import { throughout } from '../kit/throughout.js';

const IDLE_MS = 4000;
const SHORT = { idle: { after: '4s' }, lease: { time: '2s' } };
let stack: Stack;
const forever = new AbortController().signal;

before(async () => {
  stack = await Stack.start(
    { used: SHORT, cold: SHORT },
    { proxy: { hold: { time: '6s' } } },
    { database: true },
  );
});
after(() => stack.close());

test('L10: Temporal down across the deadline, back, down again and back, under traffic: not stopped', async () => {
  const proxy = await stack.proxy();
  const first = await proxy.gate.enter('used', { reason: 'L10', signal: forever });
  first.release();
  const traffic = (what: string, ms: number) =>
    throughout(ms, () => {
      const pass = proxy.gate.tryEnter('used');
      assert.ok(pass, `warm while ${what}`);
      assert.equal(pass.generation, first.generation);
      pass.release();
    });
  await stack.server.kill();
  await traffic('Temporal is down across the deadline', IDLE_MS + 3000);
  await stack.server.run();
  await stack.server.kill();
  await traffic('it is down again', 3000);
  await stack.server.run();
  await traffic('it is back', 3 * IDLE_MS);
  assert.deepEqual(stack.provider.stops, []);
  await eventually('without traffic it falls asleep', () => stack.provider.stops.length === 1, 60_000);
  await proxy.close();
});

test('a cold request is held while Temporal hangs, and told so only when its time is over', async () => {
  const relay = await Relay.to(stack.server.port);
  const proxy = await stack.proxy(relay.address);
  relay.hang();
  await assert.rejects(
    proxy.gate.enter('cold', { reason: 'a test', signal: forever }),
    // The hold of this test may end before the call that hangs does.
    (error) => isReveilleError(error) && ['TEMPORAL_UNREACHABLE', 'HOLD_TIMEOUT'].includes(error.code),
  );
  relay.open();
  (await proxy.gate.enter('cold', { reason: 'a test', signal: forever })).release();
  await proxy.close();
  await relay.close();
});

test('without any worker a cold request is told NO_WORKER; once there is one, it is answered', async () => {
  await eventually('all is asleep', async () => (await stack.resources.list()).length === 0, 60_000);
  await stack.stopWorker();
  const proxy = await stack.proxy();
  await assert.rejects(
    proxy.gate.enter('cold', { reason: 'a test', signal: forever }),
    (error) => isReveilleError(error) && error.code === 'NO_WORKER',
  );
  const held = proxy.gate.enter('cold', { reason: 'a test', signal: forever });
  await stack.startWorker();
  (await held).release();
  await proxy.close();
});
