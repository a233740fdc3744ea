import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isReveilleError } from '../../errors/index.js';
import { eventually } from '../kit/conditions.js';
import { RawProxy } from '../kit/raw-proxy.js';
import { Relay } from '../kit/relay.js';
import { Stack } from '../kit/stack.js';
import { until } from '../kit/throughout.js';

const IDLE_MS = 4000;
/** As leases.md 10 has it, and some more. */
const LATE_MS = 2500;
const SHORT = { idle: { after: '4s' }, lease: { time: '2s' } };
let stack: Stack;
const forever = new AbortController().signal;

before(async () => {
  stack = await Stack.start(
    { used: SHORT, cold: SHORT, late: SHORT },
    { proxy: { hold: { time: '6s' } } },
    { database: true },
  );
});
after(() => stack.close());

test('L10: Temporal down across the deadline, back, down again and back, under traffic: not stopped', async () => {
  const proxy = await stack.proxy();
  const first = await proxy.gate.enter('used', { reason: 'L10', signal: forever });
  first.release();
  let over = false;
  let doing = '';
  const traffic = until(
    () => over,
    () => {
      const pass = proxy.gate.tryEnter('used');
      assert.ok(pass, `warm while ${doing}`);
      assert.equal(pass.generation, first.generation);
      pass.release();
    },
  );
  const during = async (what: string, step: Promise<void>) => {
    doing = what;
    await Promise.race([step, traffic]);
  };
  try {
    await during('Temporal dies', stack.server.kill());
    await during('it is down across the deadline', delay(IDLE_MS + 3000));
    // How long a start takes, nobody knows: traffic goes on meanwhile, for a lease that is not used is released.
    await during('it comes back', stack.server.run());
    await during('it dies again', stack.server.kill());
    await during('it is down again', delay(3000));
    await during('it comes back again', stack.server.run());
    await during('it is back', delay(3 * IDLE_MS));
  } finally {
    over = true;
    await stack.server.run();
  }
  await traffic;
  assert.deepEqual(stack.provider.stops, []);
  await eventually('without traffic it falls asleep', () => stack.provider.stops.length === 1, 60_000);
  await proxy.close();
});

test('a stop that an outage has made late is put off by ten seconds, also where nobody can be asked', async () => {
  const proxy = new RawProxy(stack, 'late', 'p');
  await proxy.enter();
  const lease = await proxy.lease();
  assert.ok(lease);
  const stopsOf = () => stack.provider.stops.filter(({ name }) => name === 'late');
  await stack.server.kill();
  const late = lease.until + IDLE_MS + LATE_MS;
  await eventually('the stop is late', () => Date.now() > late);
  const back = Date.now();
  await stack.server.run();
  const stop = await eventually('it is stopped', () => stopsOf()[0], 60_000);
  assert.ok(stop.at >= back + 10_000);
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
