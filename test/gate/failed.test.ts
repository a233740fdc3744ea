import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { bootFailure } from '../kit/fake-provider.js';
import { RawProxy } from '../kit/raw-proxy.js';
import { Stack } from '../kit/stack.js';
import { until } from '../kit/throughout.js';

const LONG = { backoff: { first: '60s', max: '5m' } };
const SHORT = { backoff: { first: '300ms', max: '1s' } };
let stack: Stack;

before(async () => {
  stack = await Stack.start({ demanded: LONG, mended: SHORT, stopped: LONG, flapping: SHORT, dies: SHORT });
  stack.provider.beforeBoot = async ({ name, definition }) => {
    if (name === 'flapping' || name === 'dies' || definition.idle.then === 'suspend') return;
    throw bootFailure('no such luck');
  };
});
after(() => stack.close());

const failed = (name: string) =>
  eventually(`${name} has failed`, async () => {
    const status = await stack.resources.status(name);
    return status?.phase === 'failed' ? status : undefined;
  });

test('steady demand while it has failed does not fill the history; each is told what is left of the backoff', async () => {
  const proxy = new RawProxy(stack, 'demanded', 'p');
  await proxy.wake();
  const { retryAt } = await failed('demanded');
  const firstRun = await stack.resources.openRun('demanded');
  const hasSuccessor = async () => (await stack.resources.openRun('demanded')) !== firstRun;
  await until(hasSuccessor, async () => {
    await proxy.wake();
    const state = await stack.resources.ready('demanded');
    assert.equal(state?.answers.p?.refused?.code, 'BOOT_FAILED');
  });
  const status = await failed('demanded');
  assert.deepEqual(
    [status.attempts, status.retryAt, status.failure?.log],
    [1, retryAt, 'line one\nline two'],
  );
  assert.equal(stack.provider.bootsOf.filter((name) => name === 'demanded').length, 1);
  const successor = await stack.resources.openRun('demanded');
  const told = await eventually('the successor tells that it has no instance', async () => {
    const runs = await stack.resources.runTimes({ limit: 100 });
    return runs.find(({ runId }) => runId === successor)?.existence;
  });
  assert.deepEqual(told, { before: 0 });
});

test('the boot after a failure takes the definition of today', async () => {
  const proxy = new RawProxy(stack, 'mended', 'p');
  await proxy.wake();
  const { revision } = await failed('mended');
  const { idle } = stack.config.resources.mended ?? assert.fail();
  stack.reload('mended', { idle: { ...idle, then: 'suspend' } });
  const status = await eventually('it is ready', async () => {
    await proxy.wake();
    const now = await proxy.status();
    return now.phase === 'ready' ? now : undefined;
  });
  assert.notEqual(status.revision, revision);
});

test('a stop of what has failed ends it; the next wake boots at once', async () => {
  const proxy = new RawProxy(stack, 'stopped', 'p');
  await proxy.wake();
  await failed('stopped');
  await stack.resources.stop('stopped');
  await eventually('it is asleep', async () => (await stack.resources.openRun('stopped')) === undefined);
  await proxy.wake();
  await failed('stopped');
  assert.equal(stack.provider.bootsOf.filter((name) => name === 'stopped').length, 2);
});

test('an instance that runs but is reported again and again is looked after ever less often', async () => {
  const proxy = new RawProxy(stack, 'flapping', 'p');
  const { generation } = await proxy.enter();
  const before = stack.provider.inspections.length;
  await eventually('it was looked after four times', async () => {
    await stack.resources.unreachable('flapping', { generation, error: 'reset' });
    return stack.provider.inspections.length >= before + 4;
  });
  const [first = 0, , , fourth = 0] = stack.provider.inspections.slice(before);
  assert.ok(fourth - first >= 250 + 500 + 1000 - 50, `${fourth - first} ms`);
  assert.equal((await proxy.status()).generation, generation);
});

test('an adopted instance that has died is replaced at once, whoever may have held leases of it', async () => {
  const proxy = new RawProxy(stack, 'dies', 'p');
  const { generation: first } = await proxy.enter();
  const found = (await stack.provider.list()).find(({ name }) => name === 'dies');
  assert.ok(found);
  await stack.temporal.client.workflow.getHandle('resource:dies').terminate();
  await stack.resources.adopt('dies', { instance: found.instance });
  const { generation } = await eventually('it is adopted', async () => {
    const state = await stack.resources.ready('dies');
    return state?.ready && state.generation > first ? state : undefined;
  });
  stack.provider.kill('dies');
  await stack.resources.unreachable('dies', { generation, error: 'it was killed' });
  // The longest lease is two minutes: far beyond the patience of `enter`.
  assert.ok((await proxy.enter()).generation > generation);
});

test('every history of these tests replays', async () => {
  assert.ok((await stack.replayAll()) >= 2);
});
