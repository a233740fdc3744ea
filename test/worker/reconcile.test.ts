import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Definitions } from '../../activities/definitions.js';
import { type ReconcileServices, reconcile } from '../../worker/reconcile.js';
import { eventually } from '../kit/conditions.js';
import { FakeProvider } from '../kit/fake-provider.js';
import { quiet, Stack } from '../kit/stack.js';

const { signal } = new AbortController();
let stack: Stack;
let services: ReconcileServices;

before(async () => {
  const lasting = { idle: { after: '10m' } };
  stack = await Stack.start({ one: lasting, two: lasting }, { worker: { host: 'test-host' } });
  services = {
    definitions: new Definitions(stack.config),
    providers: { other: new FakeProvider('test-host'), process: stack.provider },
    resources: stack.resources,
    images: stack.images,
    host: 'test-host',
    log: quiet,
  };
});
after(() => stack.close());

test('what one provider does not list, because it is of another, is not taken as lost', async (t) => {
  await stack.resources.untilReady('one', signal, undefined);
  const now = Date.now();
  // Long after the boot.
  t.mock.method(Date, 'now', () => now + 60_000);
  await reconcile(services, signal);
  t.mock.restoreAll();
  // Behind whatever was signalled before.
  await stack.resources.pin('one', { reason: 'test' });
  await eventually('it is pinned', async () => (await stack.resources.status('one'))?.pinned === true);
  assert.deepEqual(stack.provider.inspections, []);
});

test('a provider whose engine is away keeps nobody from adopting what is of another', async () => {
  await stack.resources.untilReady('two', signal, undefined);
  await stack.temporal.client.workflow.getHandle('resource:two').terminate();
  const broken = new FakeProvider('test-host');
  broken.list = () => Promise.reject(new Error('the engine is away'));
  const providers = { broken, process: stack.provider };
  await assert.rejects(reconcile({ ...services, providers }, signal), /engine is away/);
  await eventually('it is adopted', async () => (await stack.resources.status('two'))?.phase === 'ready');
});

test('what was given up because its host was gone is ended when it is back, once another host serves', async () => {
  await stack.resources.untilReady('one', signal, undefined);
  const elsewhere = new FakeProvider('other-host');
  const definition = stack.config.resources.one;
  assert.ok(definition);
  const request = { name: 'one', params: {}, revision: 'r', definition };
  const context = { signal, heartbeat: () => {} };
  const there = { ...services, host: 'other-host', providers: { process: elsewhere } };
  try {
    const { generation = 0 } = (await stack.resources.status('one')) ?? {};
    await elsewhere.boot({ ...request, generation: generation + 60_000 }, context);
    await reconcile(there, signal);
    assert.deepEqual(elsewhere.stops, [], 'a younger one is not known to be given up');
    elsewhere.kill('one');
    await elsewhere.boot({ ...request, generation: generation - 1 }, context);
    await reconcile({ ...there, host: 'a third host' }, signal);
    assert.deepEqual(elsewhere.stops, [], "another host's is not ours to end");
    await reconcile(there, signal);
    const ended = elsewhere.stops.map(({ name, generation: of, then }) => [name, of, then]);
    assert.deepEqual(ended, [['one', generation - 1, 'stop']]);
    assert.deepEqual([elsewhere.running.size, stack.provider.running.has('one')], [0, true]);
  } finally {
    elsewhere.closeAll();
  }
});
