import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isReveilleError } from '../../errors/index.js';
import type { Pass } from '../../proxy/gate-contract.js';
import { eventually } from '../kit/conditions.js';
import { RawProxy } from '../kit/raw-proxy.js';
import { Stack, type TestProxy } from '../kit/stack.js';
import { until } from '../kit/throughout.js';

const LASTING = { idle: { after: '60s' }, lease: { time: '20s' } };
const ROUNDS = 25;
let stack: Stack;
let proxy: TestProxy;

before(async () => {
  const names = ['racing', 'successor', 'connecting', 'cancelled', 'dead'];
  stack = await Stack.start(Object.fromEntries(names.map((name) => [name, LASTING])));
  proxy = await stack.proxy();
});
after(() => stack.close());
afterEach(() => {
  stack.provider.beforeBoot = async () => {};
  stack.provider.beforeStop = async () => {};
  stack.provider.beforeConnect = async () => {};
});

const enter = (name: string): Promise<Pass> =>
  proxy.gate.enter(name, { reason: 'a test', signal: new AbortController().signal });

test('L19: wakes that race with completion are answered by this run or the next, never lost', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const first = await enter('racing');
    first.release();
    await stack.resources.stop('racing');
    await delay(round * 3);
    const pass = await eventually('it is answered', () => {
      const answer = proxy.gate.tryEnter('racing') ?? enter('racing');
      return Promise.resolve(answer).catch(() => undefined);
    });
    // What was warm a moment longer is fine: its stop waits for it.
    assert.ok(pass.generation >= first.generation);
    pass.release();
  }
  await eventually('there are histories, and they replay', () => stack.replayAll());
});

test('L20: continue-as-new under traffic and waiting requests answers all, and changes nothing that they see', async () => {
  const raw = new RawProxy(stack, 'successor', 'raw');
  const { generation } = await raw.enter();
  const firstRun = await stack.resources.openRun('successor');
  const hasSuccessor = async () => (await stack.resources.openRun('successor')) !== firstRun;
  await until(hasSuccessor, async () => {
    const passes = await Promise.all([enter('successor'), raw.touch(generation, { open: 1 })]);
    passes[0].release();
    assert.equal(passes[0].generation, generation);
  });
  const status = await raw.status();
  assert.deepEqual([status.generation, status.phase, status.boots], [generation, 'ready', 1]);
  assert.equal((await raw.lease())?.open, 1);
});

test('L20: connections that wait for an endpoint of their own get it from the successor, each once', async () => {
  const raw = new RawProxy(stack, 'connecting', 'raw');
  const { generation } = await raw.enter();
  const firstRun = await stack.resources.openRun('connecting');
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  stack.provider.beforeConnect = () => held;
  const proxies = ['a', 'b', 'c'];
  const client = { address: '127.0.0.1', port: 1, localAddress: '127.0.0.1', localPort: 2 };
  for (const one of proxies) {
    const args = { proxy: one, ask: 1, at: '127.0.0.1:1', reason: 'a test', client, connects: true as const };
    await stack.resources.wake('connecting', args);
  }
  await eventually('the first is served', () => stack.provider.connections.length === 1);
  const { client: temporal } = stack.temporal;
  const events = async () =>
    (await temporal.workflow.getHandle('resource:connecting').describe()).historyLength;
  await until(
    async () => (await events()) > 500,
    async () => {
      await Promise.all(Array.from({ length: 10 }, () => raw.touch(generation, { open: 1 })));
    },
  );
  letGo();
  const answers = await eventually('all are answered', async () => {
    const { connections = {} } = (await stack.resources.ready('connecting')) ?? {};
    return proxies.every((one) => connections[one]?.ask === 1) ? connections : undefined;
  });
  assert.notEqual(await stack.resources.openRun('connecting'), firstRun);
  const port = stack.provider.running.get('connecting')?.instance.endpoint.port;
  assert.deepEqual(
    proxies.map((one) => answers[one]?.endpoint?.port),
    [port, port, port],
  );
  assert.deepEqual(stack.provider.connections, ['a 1', 'b 1', 'c 1']);
});

test('L20: a cancellation during the boot answers all who wait, and the next request boots', async () => {
  let boot = () => {};
  const booting = new Promise<void>((resolve) => {
    boot = resolve;
  });
  stack.provider.beforeBoot = ({ name }) => (name === 'cancelled' ? booting : Promise.resolve());
  const waiting = Promise.allSettled(Array.from({ length: 20 }, () => enter('cancelled')));
  await eventually('it boots', async () => (await stack.resources.ready('cancelled'))?.phase === 'booting');
  await stack.temporal.client.workflow.getHandle('resource:cancelled').cancel();
  for (const outcome of await waiting) {
    assert.ok(outcome.status === 'rejected' && isReveilleError(outcome.reason));
    assert.equal(outcome.reason.code, 'STOPPED');
  }
  boot();
  (await enter('cancelled')).release();
});

test('a wake right behind the report of a dead instance is answered by a new one', async () => {
  const raw = new RawProxy(stack, 'dead', 'raw');
  const { generation } = await raw.enter();
  stack.provider.kill('dead');
  await Promise.all([
    stack.resources.unreachable('dead', { generation, error: 'it was killed' }),
    delay(1).then(() => raw.wake()),
  ]);
  const state = await eventually('it is answered', async () => {
    const now = await stack.resources.ready('dead');
    return now?.answers.raw?.ask === 2 ? now : undefined;
  });
  assert.ok((state.answers.raw?.granted?.generation ?? 0) > generation);
});
