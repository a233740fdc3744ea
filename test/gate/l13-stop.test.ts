import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { isReveilleError } from '../../errors/index.js';
import type { Pass } from '../../proxy/gate-contract.js';
import { eventually } from '../kit/conditions.js';
import { RawProxy } from '../kit/raw-proxy.js';
import { Relay } from '../kit/relay.js';
import { Stack, type TestProxy } from '../kit/stack.js';

const LASTING = { idle: { after: '60s' }, lease: { time: '1s' } };
const NAMES = ['loaded', 'hanging', 'draining', 'deleted', 'handled', 'forced'];
let stack: Stack;

before(async () => {
  stack = await Stack.start(Object.fromEntries(NAMES.map((name) => [name, LASTING])));
});
after(() => stack.close());
afterEach(() => {
  stack.provider.beforeStop = async () => {};
  stack.provider.beforeBoot = async () => {};
});

const enter = (name: string, { gate }: TestProxy): Promise<Pass> =>
  gate.enter(name, { reason: 'a test', signal: new AbortController().signal });
const stopOf = (name: string) => stack.provider.stops.find((stop) => stop.name === name);
const stopBegan = (name: string) => eventually(`${name} is being stopped`, () => stopOf(name));

test('L13: with two proxies under load, no request begins at the instance after its stop began', async () => {
  const proxies = [await stack.proxy(), await stack.proxy()];
  const first = await Promise.all(proxies.map((proxy) => enter('loaded', proxy)));
  const generations = new Set<number>();
  let late = 0;
  let isOver = false;
  const load = async (proxy: TestProxy) => {
    while (!isOver) {
      const pass = await enter('loaded', proxy).catch((error: unknown) => {
        if (!isReveilleError(error) || error.code !== 'STOPPED') throw error;
      });
      if (!pass) continue;
      generations.add(pass.generation);
      if (stack.provider.stops.some(({ generation }) => generation === pass.generation)) late += 1;
      await new Promise((resolve) => setImmediate(resolve));
      pass.release();
    }
  };
  const loads = proxies.flatMap((proxy) => [load(proxy), load(proxy)]);
  for (const pass of first) pass.release();
  await stack.resources.stop('loaded');
  await eventually('both go on with the next generation', () => generations.size > 1);
  isOver = true;
  await Promise.all(loads);
  assert.equal(late, 0);
  for (const proxy of proxies) await proxy.close();
});

test('L14: a proxy that hangs delays a stop until its lease has ended, and no longer', async () => {
  let control: Relay | undefined;
  const hanging = await stack.proxy(undefined, async (at) => {
    control = await Relay.to(at);
    return control.address;
  });
  const pass = await enter('hanging', hanging);
  const status = await stack.resources.status('hanging');
  const [lease] = status?.leases ?? [];
  assert.ok(lease);
  control?.hang();
  // Its process is gone for good: nothing is renewed either.
  await hanging.temporal.close();
  await stack.resources.stop('hanging');
  const { at } = await stopBegan('hanging');
  assert.ok(at >= lease.until, `stopped ${lease.until - at} ms before the end of a lease`);
  pass.release();
  await control?.close();
});

test('who asks while requests in flight hold a stop up is answered by the next generation', async () => {
  const proxy = await stack.proxy();
  const inFlight = await enter('draining', proxy);
  await stack.resources.stop('draining');
  await eventually('the lease is revoked', () => {
    const warm = proxy.gate.tryEnter('draining');
    warm?.release();
    return warm === undefined;
  });
  const next = enter('draining', proxy);
  await eventually('the ask is recorded', async () => {
    const status = await stack.resources.status('draining');
    return status?.phase === 'draining' && status.wokenBy === 'a test';
  });
  assert.equal(stopOf('draining'), undefined, 'not stopped with a request in flight');
  inFlight.release();
  const pass = await next;
  assert.ok(pass.generation > inFlight.generation);
  pass.release();
});

test('an order to delete that comes while it is being stopped is obeyed', async () => {
  const proxy = new RawProxy(stack, 'deleted', 'p');
  await proxy.enter();
  stack.provider.beforeStop = async ({ name }) => {
    stack.provider.beforeStop = async () => {};
    await stack.resources.stop(name, { then: 'delete' });
  };
  await stack.resources.stop('deleted', { force: true });
  await eventually('it is deleted', () =>
    stack.provider.stops.some(({ name, then }) => name === 'deleted' && then === 'delete'),
  );
});

test('signals with arguments that make no sense change nothing and break nothing', async () => {
  const proxy = new RawProxy(stack, 'handled', 'p');
  const { generation } = await proxy.enter();
  const handle = stack.temporal.client.workflow.getHandle('resource:handled');
  for (const signal of ['touch', 'unreachable', 'adopt', 'wake']) {
    await handle.signal(signal);
    await handle.signal(signal, null);
    await handle.signal(signal, 'nonsense');
  }
  await handle.signal('touch', { proxy: 'p', ask: 99, at: 'x', generation, open: 0 });
  await proxy.touch(generation, { open: 2 });
  assert.equal((await proxy.lease())?.open, 2);
});

test('a stop by force waits for nobody', async () => {
  const proxy = new RawProxy(stack, 'forced', 'p');
  await proxy.enter();
  const lease = await proxy.lease();
  await stack.resources.stop('forced', { force: true });
  const { at } = await stopBegan('forced');
  assert.ok(lease && at < lease.until);
});

test('every history of these tests replays', async () => {
  const count = await eventually('there are some', async () => (await stack.replayAll()) || undefined);
  assert.ok(count >= 3);
});
