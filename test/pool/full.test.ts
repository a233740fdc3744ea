import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Params } from '../../config/index.js';
import { isReveilleError } from '../../errors/index.js';
import type { Pass } from '../../proxy/gate-contract.js';
import { eventually } from '../kit/conditions.js';
import { Stack, type TestProxy } from '../kit/stack.js';

const MOST = 3;
let stack: Stack;

before(async () => {
  stack = await Stack.start({
    user: { pool: { key: ['{name}'], maxInstances: MOST }, idle: { after: '60s' } },
  });
});
after(() => stack.close());

const enter = ({ gate }: TestProxy, name: string): Promise<Pass> => {
  const params: Params = { name };
  const { signal } = new AbortController();
  return gate.enter(`user--${name}`, { reason: 'a test', signal, params });
};
const codeOf = async (pass: Promise<Pass>): Promise<string> => {
  try {
    (await pass).release();
    return 'entered';
  } catch (error) {
    return isReveilleError(error) ? error.code : String(error);
  }
};

test('past maxInstances a member is refused by name, at this proxy and at any other, until one sleeps', async () => {
  const [one, two] = [await stack.proxy(), await stack.proxy()];
  const passes = await Promise.all(['a', 'b', 'c'].map((name) => enter(one, name)));
  assert.equal(await codeOf(enter(one, 'd')), 'POOL_FULL');
  assert.equal(
    await codeOf(enter(two, 'd')),
    'POOL_FULL',
    'what another proxy woke is counted by the worker',
  );
  assert.equal(await codeOf(enter(two, 'a')), 'entered', 'who is awake takes nobody’s room');
  for (const pass of passes) pass.release();
  await stack.resources.stop('user--a');
  await eventually('there is room', async () => (await codeOf(enter(two, 'd'))) === 'entered');
  assert.equal(stack.provider.bootsOf.filter((name) => name === 'user--d').length, 1);
});

test('of many at once as many as may be are let in, whichever proxies they come by', async () => {
  for (const name of await stack.resources.list()) await stack.resources.stop(name);
  await eventually('all asleep', async () => (await stack.resources.list()).length === 0);
  const [one, two] = [await stack.proxy(), await stack.proxy()];
  const names = Array.from({ length: 12 }, (_, index) => `herd-${index}`);
  const codes = await Promise.all(names.map((name, index) => codeOf(enter(index % 2 ? one : two, name))));
  const entered = codes.filter((code) => code === 'entered').length;
  assert.deepEqual(new Set(codes), new Set(['entered', 'POOL_FULL']));
  // The server's list may be a moment behind: never fewer than there is room for, and few more.
  assert.ok(entered >= MOST && entered <= 2 * MOST, `${entered} entered`);
});

test('whoever can start workflows makes no member that its pool would not', async () => {
  for (const [name, params] of [
    ['user--x', { name: 'y' }],
    ['user--x', { name: 'x', more: 'z' }],
    ['user', {}],
  ] as const) {
    const runId = await stack.resources.wake(name, { reason: 'a forger' }, params);
    const { client } = stack.temporal;
    await assert.rejects(client.workflow.getHandle(`resource:${name}`, runId).result());
    assert.ok(!stack.provider.bootsOf.includes(name));
  }
});

test('what a member was made from is known from its executions, also after one went on as another', async () => {
  const proxy = await stack.proxy();
  for (const name of await stack.resources.list()) await stack.resources.stop(name);
  await eventually('all asleep', async () => (await stack.resources.list()).length === 0);
  (await enter(proxy, 'x')).release();
  // The wake is kept and boots the next generation in a run of its own.
  stack.provider.beforeStop = async ({ name }) => {
    stack.provider.beforeStop = async () => {};
    await stack.resources.wake(name, { reason: 'while it stops' });
  };
  await stack.resources.stop('user--x');
  await eventually(
    'it is awake again',
    async () => stack.provider.bootsOf.filter((n) => n === 'user--x').length === 2,
  );
  assert.deepEqual((await stack.resources.lastRun('user--x'))?.params, { name: 'x' });
  await eventually('it tells', async () => (await stack.resources.status('user--x'))?.params?.name === 'x');
});
