import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { Stack } from '../kit/stack.js';

let stack: Stack;

before(async () => {
  stack = await Stack.start({ app: { idle: { after: '1h' } }, lost: {} });
});
after(() => stack.close());

test('a proxy without a lease learns the phase of what another one woke, and wakes nothing by asking', async () => {
  const [holder, other] = [await stack.proxy(), await stack.proxy()];
  assert.equal(await other.gate.phase('app'), 'asleep');
  assert.equal(await stack.resources.openRun('app'), undefined);
  const pass = await holder.gate.enter('app', { reason: 'a test', signal: new AbortController().signal });
  await eventually('it is seen ready', async () => (await other.gate.phase('app')) === 'ready');
  assert.equal(other.gate.tryEnter('app'), undefined);
  pass.release();
  await stack.resources.stop('app');
  await eventually('it is seen asleep', async () => (await other.gate.phase('app')) === 'asleep');
  assert.equal(stack.provider.bootsOf.length, 1);
});

test('what cannot be asked, since Temporal does not answer, counts as asleep', async () => {
  const proxy = await stack.proxy('127.0.0.1:1');
  assert.equal(await proxy.gate.phase('lost'), 'asleep');
});
