import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { RawProxy } from '../kit/raw-proxy.js';
import { Relay } from '../kit/relay.js';
import { Stack } from '../kit/stack.js';
import { throughout } from '../kit/throughout.js';

const IDLE_MS = 2000;
const SHORT = { idle: { after: '2s' }, lease: { time: '500ms' } };
/** Room for a busy machine between the call that hangs and the end of the lease. */
const LONGER = { idle: { after: '4s' }, lease: { time: '2s' } };
/** A lease outlasts the idle time, by the second for which the workflow counts it longer. */
const AS_LONG = { idle: { after: '2s' }, lease: { time: '2s' } };
let stack: Stack;

before(async () => {
  stack = await Stack.start({ decided: SHORT, open: SHORT, used: SHORT, leased: AS_LONG, asked: LONGER });
});
after(() => stack.close());

const stopOf = (name: string) =>
  eventually(`${name} is stopped`, () => stack.provider.stops.find((stop) => stop.name === name));

test('L3: a touch that is recorded after the stop was decided is granted nothing', async () => {
  const proxy = new RawProxy(stack, 'decided', 'p');
  const { generation } = await proxy.enter();
  await proxy.touch(generation, { release: true });
  let seen: Awaited<ReturnType<typeof stack.resources.ready>>;
  stack.provider.beforeStop = async ({ name }) => {
    if (name !== 'decided') return;
    await proxy.touch(generation, { open: 1 });
    seen = await stack.resources.ready(name);
  };
  await eventually('it is asleep', async () => (await stack.resources.openRun('decided')) === undefined);
  assert.deepEqual([seen?.phase, seen?.ready, seen?.answers.p?.ask], ['stopping', false, 1]);
});

test('L8: open connections of a proxy that was killed keep it awake until the end of its lease, no longer', async () => {
  const proxy = new RawProxy(stack, 'open', 'p');
  const { generation } = await proxy.enter();
  await proxy.touch(generation, { open: 5 });
  const lease = await proxy.lease();
  assert.ok(lease);
  const status = await eventually('its lease has ended', async () => {
    const now = await proxy.status();
    return now.leases.length === 0 && now.idleDeadline !== undefined ? now : undefined;
  });
  assert.equal(status.idleDeadline, lease.until + IDLE_MS);
  assert.ok((await stopOf('open')).at >= lease.until + IDLE_MS);
});

test('L9: with a proxy used until just before its death, the stop is not before the true deadline', async () => {
  const proxy = new RawProxy(stack, 'used', 'p');
  await proxy.enter();
  const lease = await proxy.lease();
  assert.ok(lease);
  // A proxy forwards until its lease ends, one second before the workflow's count of it, and tells nobody.
  const lastUse = lease.until - 1000;
  assert.ok((await stopOf('used')).at >= lastUse + IDLE_MS);
});

test('no stop is decided while a lease lives, when the idle time since the last use is over too', async () => {
  const proxy = new RawProxy(stack, 'leased', 'p');
  await proxy.enter();
  const lease = await proxy.lease();
  const { idleDeadline = 0 } = await proxy.status();
  assert.ok(lease && lease.until > idleDeadline);
  assert.ok((await stopOf('leased')).at >= lease.until);
});

test('L11: a proxy that hangs on Temporal is asked before the stop, and goes on', async () => {
  const relay = await Relay.to(stack.server.port);
  const proxy = await stack.proxy(relay.address);
  const pass = await proxy.gate.enter('asked', { reason: 'L11', signal: new AbortController().signal });
  pass.release();
  relay.hang();
  // Well past what its last lease allows, under traffic.
  await throughout(12_000, () => {
    const warm = proxy.gate.tryEnter('asked');
    assert.ok(warm, 'its lease is stretched');
    warm.release();
  });
  assert.equal(
    stack.provider.stops.some(({ name }) => name === 'asked'),
    false,
  );
  relay.open();
  await eventually('it renews', async () => {
    const warm = proxy.gate.tryEnter('asked');
    warm?.release();
    return (await stack.resources.status('asked'))?.leases.length === 1;
  });
  await proxy.close();
  await relay.close();
});
