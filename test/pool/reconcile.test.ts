import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Definitions } from '../../activities/definitions.js';
import { memberName } from '../../config/index.js';
import { keepMinimum, removeGone } from '../../worker/pools.js';
import { type ReconcileServices, reconcile } from '../../worker/reconcile.js';
import { eventually } from '../kit/conditions.js';
import { FakeProvider } from '../kit/fake-provider.js';
import { quiet, Stack } from '../kit/stack.js';

const GONE_MS = 1000;
const LONG = { idle: { after: '60s' } };
let stack: Stack;
let services: ReconcileServices;
const { signal } = new AbortController();

before(async () => {
  const resources = {
    keyed: { pool: { key: ['{name}'], allow: '.*' }, ...LONG },
    fleeting: { pool: { key: ['{name}'], gone: { after: `${GONE_MS}ms` } }, ...LONG },
    numbered: { pool: { min: 2, max: 3 }, ...LONG },
    plain: LONG,
  };
  stack = await Stack.start(resources, { worker: { host: 'test-host' } });
  services = {
    definitions: new Definitions(stack.config),
    providers: { process: stack.provider },
    resources: stack.resources,
    images: stack.images,
    host: 'test-host',
    log: quiet,
  };
});
after(() => stack.close());

const terminate = (name: string) => stack.temporal.client.workflow.getHandle(`resource:${name}`).terminate();
const asleep = (name: string) =>
  eventually(`${name} is asleep`, async () => (await stack.resources.openRun(name)) === undefined);

async function wake(name: string, params?: Record<string, string>): Promise<void> {
  await stack.resources.untilReady(name, signal, params);
}

test('a member that runs without an execution is adopted, with what it was made from', async () => {
  const params = { name: 'Not a plain slug; really' };
  const name = memberName('keyed', params);
  await wake(name, params);
  await terminate(name);
  await asleep(name);
  await reconcile(services, signal);
  const status = await eventually('it is awake', async () => {
    const found = await stack.resources.status(name);
    return found?.phase === 'ready' ? found : undefined;
  });
  assert.deepEqual(status.params, params);
  assert.deepEqual((await stack.resources.lastRun(name))?.params, params);
  assert.equal(stack.provider.bootsOf.filter((one) => one === name).length, 1);
});

test('what runs under a member’s name with other parameters is not adopted', async () => {
  await wake('keyed--x', { name: 'x' });
  const running = stack.provider.running.get('keyed--x');
  assert.ok(running);
  running.params = { name: 'y' };
  await terminate('keyed--x');
  await asleep('keyed--x');
  await reconcile(services, signal);
  assert.equal(await stack.resources.openRun('keyed--x'), undefined);
});

test('a member that nobody has woken for long is removed, once, and nothing else is', async () => {
  for (const [name, params] of [
    ['fleeting--old', { name: 'old' }],
    ['fleeting--awake', { name: 'awake' }],
    ['keyed--kept', { name: 'kept' }],
    ['plain', undefined],
  ] as const)
    await wake(name, params);
  for (const name of ['fleeting--old', 'keyed--kept', 'plain']) {
    await stack.resources.stop(name);
    await asleep(name);
  }
  await removeGone(services, signal);
  const deleted = () => stack.provider.stops.filter(({ then }) => then === 'delete').map(({ name }) => name);
  assert.deepEqual(deleted(), [], 'not before its time');
  await delay(GONE_MS);
  await wake('fleeting--young', { name: 'young' });
  await stack.resources.stop('fleeting--young');
  await asleep('fleeting--young');
  await eventually('the old one is deleted', async () => {
    await removeGone(services, signal);
    return deleted().includes('fleeting--old');
  });
  await asleep('fleeting--old');
  await removeGone(services, signal);
  assert.deepEqual(
    deleted().filter((name) => name !== 'fleeting--young'),
    ['fleeting--old'],
  );
  assert.ok(stack.provider.running.has('fleeting--awake'));
});

test('a provider whose engine is away keeps nobody from removing what another keeps', async () => {
  await wake('fleeting--left', { name: 'left' });
  await stack.resources.stop('fleeting--left');
  await asleep('fleeting--left');
  const broken = new FakeProvider('test-host');
  broken.kept = () => Promise.reject(new Error('the engine is away'));
  const there = { ...services, providers: { broken, ...services.providers } };
  const deleted = () => stack.provider.stops.filter(({ name }) => name === 'fleeting--left').at(-1)?.then;
  await eventually('it is deleted', async () => {
    await assert.rejects(removeGone(there, signal), /engine is away/);
    return deleted() === 'delete';
  });
});

test('a member that is woken before it is removed stays', async () => {
  await wake('fleeting--wanted', { name: 'wanted' });
  assert.equal(
    await stack.resources.removeAsleep('fleeting--wanted', 'test-host', { name: 'wanted' }),
    false,
  );
  assert.ok(stack.provider.running.has('fleeting--wanted'));
});

test('min members are awake without a request, and a second round changes nothing', async () => {
  await keepMinimum(services, signal);
  const pinned = async (name: string) => {
    const status = await stack.resources.status(name);
    return status?.phase === 'ready' ? status.pinned : undefined;
  };
  const first = await eventually('the first is awake', () => pinned('numbered--1'));
  await eventually('the second is awake', () => pinned('numbered--2'));
  assert.equal(await stack.resources.openRun('numbered--3'), undefined);
  await keepMinimum(services, signal);
  assert.equal(await pinned('numbered--1'), first, 'the pin is as it was');
});
