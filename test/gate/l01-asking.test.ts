import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RawProxy } from '../kit/raw-proxy.js';
import { Stack } from '../kit/stack.js';
import { until } from '../kit/throughout.js';

const SHORT = { idle: { after: '2s' }, lease: { time: '1s' } };
const NAMES = ['slow', 'queried', 'twice', 'disordered', 'older'];
let stack: Stack;

before(async () => {
  stack = await Stack.start(Object.fromEntries(NAMES.map((name) => [name, SHORT])));
});
after(() => stack.close());

test('L1: a grant is usable after a boot that takes longer than a lease', async () => {
  stack.provider.beforeBoot = ({ name }) => (name === 'slow' ? delay(1500) : Promise.resolve());
  const proxy = await stack.proxy();
  const pass = await proxy.gate.enter('slow', { reason: 'L1', signal: new AbortController().signal });
  assert.equal(
    await (await fetch(`http://127.0.0.1:${pass.endpoint.port}/`)).text(),
    `slow ${pass.generation} /`,
  );
  pass.release();
  assert.equal(stack.provider.bootsOf.filter((name) => name === 'slow').length, 1);
  await proxy.close();
});

test('L2: queries by others up to the deadline grant nothing', async () => {
  const proxy = new RawProxy(stack, 'queried', 'p');
  const { generation } = await proxy.enter();
  await proxy.touch(generation, { release: true });
  const isStopped = () => stack.provider.stops.some(({ name }) => name === 'queried');
  await until(isStopped, async () => {
    const state = await stack.resources.ready('queried');
    assert.deepEqual(Object.keys(state?.answers ?? {}), ['p']);
  });
});

test('L5: an ask that is sent twice makes one lease, from its first arrival', async () => {
  const proxy = new RawProxy(stack, 'twice', 'p');
  await proxy.enter();
  const first = await proxy.lease();
  await proxy.wake(1);
  assert.deepEqual(await proxy.lease(), first);
});

test('L6: of touches that arrive out of order the older changes nothing', async () => {
  const proxy = new RawProxy(stack, 'disordered', 'p');
  const { generation } = await proxy.enter();
  await proxy.touch(generation, { ask: 10, open: 3 });
  const before = await proxy.lease();
  assert.equal(before?.open, 3);
  await proxy.touch(generation, { ask: 9, release: true });
  assert.deepEqual(await proxy.lease(), before);
});

test('L7: what is said about an older generation changes nothing', async () => {
  const proxy = new RawProxy(stack, 'older', 'p');
  const { generation } = await proxy.enter();
  const before = await proxy.status();
  await proxy.touch(generation - 1, { release: true });
  await stack.resources.unreachable('older', { generation: generation - 1, error: 'late' });
  const after = await proxy.status();
  assert.deepEqual(after.leases, before.leases);
  assert.deepEqual([after.phase, after.since], ['ready', before.since]);
  assert.equal((await stack.resources.ready('older'))?.answers.p?.ask, 1);
});
