import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isReveilleError } from '../../errors/index.js';
import { eventually } from '../kit/conditions.js';
import { bootFailure } from '../kit/fake-provider.js';
import { Stack, type TestProxy } from '../kit/stack.js';

const SHORT = { idle: { after: '1500ms' }, lease: { time: '500ms' }, backoff: { first: '300ms', max: '2s' } };
const NAMES = ['one', 'shared', 'failing', 'stopped', 'pinned', 'dying', 'cancelled', 'queued'];

let stack: Stack;
let proxy: TestProxy;
/** Each with a signal of its own, as clients have: many that share one are taken for a leak by Node. */
const enter = (name: string, by = proxy) =>
  by.gate.enter(name, { reason: 'a test', signal: new AbortController().signal });

before(async () => {
  stack = await Stack.start(Object.fromEntries(NAMES.map((name) => [name, SHORT])));
  proxy = await stack.proxy();
});
after(() => stack.close());

const asleep = (name: string) =>
  eventually(`${name} is asleep`, async () => (await stack.resources.openRun(name)) === undefined);
const boots = () => stack.provider.boots.length;

test('a request on a sleeping resource wakes it, and it falls asleep again', async () => {
  const pass = await enter('one');
  const response = await fetch(`http://127.0.0.1:${pass.endpoint.port}/x`);
  assert.match(await response.text(), new RegExp(`^one ${pass.generation} /x$`));
  assert.ok(pass.cold && pass.cold.waited > 0);
  pass.release();
  await asleep('one');
  assert.equal(stack.provider.running.has('one'), false);
});

test('many requests through two proxies make one boot', async () => {
  const other = await stack.proxy();
  const before = boots();
  const passes = await Promise.all(
    Array.from({ length: 200 }, (_, n) => enter('shared', n % 2 === 0 ? proxy : other)),
  );
  assert.equal(boots(), before + 1);
  assert.equal(new Set(passes.map((pass) => pass.generation)).size, 1);
  for (const pass of passes) pass.release();
  await other.close();
});

test('an open connection keeps it awake past the idle time, and the warm path asks nobody', async () => {
  const pass = await enter('one');
  const due = Date.now() + 3000;
  await eventually('the idle time has passed', () => Date.now() > due);
  assert.equal((await stack.resources.ready('one'))?.phase, 'ready');
  const warm = proxy.gate.tryEnter('one');
  assert.ok(warm);
  warm.release();
  pass.release();
  await asleep('one');
});

test('a boot that fails is told to every waiter with its log; a later wake works', async () => {
  stack.provider.beforeBoot = async ({ name }) => {
    if (name === 'failing') throw bootFailure('no such luck');
  };
  const refusals = await Promise.allSettled([enter('failing'), enter('failing'), enter('failing')]);
  for (const refusal of refusals) {
    assert.equal(refusal.status, 'rejected');
    assert.ok(isReveilleError(refusal.reason));
    assert.equal(refusal.reason.code, 'BOOT_FAILED');
    assert.equal(refusal.reason.message, 'no such luck');
    assert.equal(refusal.reason.log, 'line one\nline two');
    assert.ok((refusal.reason.retryInMs ?? 0) > 0);
  }
  stack.provider.beforeBoot = async () => {};
  const pass = await eventually('the backoff is over', () => enter('failing').catch(() => undefined));
  pass.release();
});

test('stop with no argument puts it to sleep; who asks during the stop gets the next generation', async () => {
  const first = await enter('stopped');
  first.release();
  let asked: ReturnType<typeof enter> | undefined;
  stack.provider.beforeStop = async ({ name }) => {
    if (name === 'stopped') asked ??= enter('stopped');
    await new Promise((resolve) => setTimeout(resolve, 100));
  };
  await stack.resources.stop('stopped');
  const pass = await eventually('a request came during the stop', () => asked);
  stack.provider.beforeStop = async () => {};
  assert.ok(pass.generation > first.generation);
  pass.release();
});

test('a stop tells those who waited for the boot that it was stopped', async () => {
  let release = () => {};
  const booting = new Promise<void>((resolve) => {
    release = resolve;
  });
  stack.provider.beforeBoot = ({ name }) => (name === 'queued' ? booting : Promise.resolve());
  const waiting = enter('queued');
  waiting.catch(() => {});
  await eventually('it boots', async () => (await stack.resources.ready('queued'))?.phase === 'booting');
  await stack.resources.stop('queued');
  await assert.rejects(waiting, (error) => isReveilleError(error) && error.code === 'STOPPED');
  release();
  stack.provider.beforeBoot = async () => {};
  await asleep('queued');
});

test('cancelling the execution is a stop', async () => {
  const pass = await enter('cancelled');
  pass.release();
  await stack.temporal.client.workflow.getHandle('resource:cancelled').cancel();
  await asleep('cancelled');
  assert.ok(stack.provider.stops.some(({ generation }) => generation === pass.generation));
});

test('a pin keeps it awake without use; unpin lets it sleep', async () => {
  await stack.resources.pin('pinned');
  const until = Date.now() + 2500;
  await eventually('well past the idle time', () => Date.now() > until);
  assert.equal((await stack.resources.status('pinned'))?.pinned, true);
  await stack.resources.unpin('pinned');
  await asleep('pinned');
});

test('an instance that dies is replaced when somebody cannot reach it', async () => {
  const pass = await enter('dying');
  stack.provider.kill('dying');
  pass.unreachable('connection refused');
  const next = await enter('dying');
  assert.ok(next.generation > pass.generation);
  next.release();
});
