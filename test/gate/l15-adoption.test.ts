import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Pass } from '../../proxy/gate-contract.js';
import { eventually } from '../kit/conditions.js';
import { RawProxy } from '../kit/raw-proxy.js';
import { Stack, type TestProxy } from '../kit/stack.js';
import { throughout } from '../kit/throughout.js';

const SHORT = { idle: { after: '1500ms' }, lease: { time: '500ms' } };
/** Its lease is the longest of all: how long an adopted instance is not stopped. */
const LONG_LEASE_MS = 4000;
const LONG = { idle: { after: '60s' }, lease: { time: '4s' } };
let stack: Stack;

before(async () => {
  stack = await Stack.start({ download: SHORT, gone: SHORT, fenced: SHORT, longest: LONG });
});
after(() => stack.close());

const enter = (name: string, { gate }: TestProxy): Promise<Pass> =>
  gate.enter(name, { reason: 'a test', signal: new AbortController().signal });
const terminate = (name: string) => stack.temporal.client.workflow.getHandle(`resource:${name}`).terminate();
const asleep = (name: string) =>
  eventually(`${name} is asleep`, async () => (await stack.resources.openRun(name)) === undefined);
const stopsOf = (name: string) => stack.provider.stops.filter((stop) => stop.name === name);

test('L15: terminated during a download, woken by another proxy: adopted, and not stopped in the download', async () => {
  const [one, two] = [await stack.proxy(), await stack.proxy()];
  const download = await enter('download', one);
  const before = await stack.resources.ready('download');
  await terminate('download');
  const other = await enter('download', two);
  other.release();
  const after = await stack.resources.ready('download');
  assert.equal(after?.instance, before?.instance);
  assert.ok((after?.generation ?? 0) > download.generation);
  await two.close();
  // Well past the idle time and the fence.
  await throughout(LONG_LEASE_MS + 3000, () => assert.deepEqual(stopsOf('download'), []));
  assert.equal((await stack.resources.status('download'))?.open, 1);
  download.release();
  await asleep('download');
  await one.close();
});

test('L16: what was idle-stopped between the list and the adoption is not booted', async () => {
  const proxy = new RawProxy(stack, 'gone', 'p');
  const { generation } = await proxy.enter();
  const found = (await stack.provider.list()).find(({ name }) => name === 'gone');
  assert.ok(found);
  await proxy.touch(generation, { release: true });
  await asleep('gone');
  await stack.resources.adopt('gone', { instance: found.instance });
  await asleep('gone');
  assert.equal(stack.provider.bootsOf.filter((name) => name === 'gone').length, 1);
  const { endedBy, boots } = await stack.temporal.client.workflow.getHandle('resource:gone').result();
  assert.deepEqual([endedBy, boots], ['gone', 0]);
});

test('an adopted instance is not stopped, by order either, before every lease of the past is over', async () => {
  const proxy = new RawProxy(stack, 'fenced', 'p');
  await proxy.enter();
  const found = (await stack.provider.list()).find(({ name }) => name === 'fenced');
  assert.ok(found);
  await terminate('fenced');
  const adopted = Date.now();
  await stack.resources.adopt('fenced', { instance: found.instance });
  await eventually('it is ready', async () => (await stack.resources.ready('fenced'))?.ready);
  await stack.resources.stop('fenced');
  await asleep('fenced');
  const [stop] = stopsOf('fenced');
  assert.ok(stop && stop.at >= adopted + LONG_LEASE_MS + 1000);
});

test('an adoption waits for the host of the instance, and writes nothing meanwhile', async () => {
  const endpoint = { host: '127.0.0.1', port: 1 };
  const instance = { id: 'far', endpoint, generation: 1, host: 'far-away' };
  await stack.resources.adopt('longest', { instance });
  const handle = stack.temporal.client.workflow.getHandle('resource:longest');
  const scheduled = await eventually('the adoption is scheduled', async () => {
    const { events = [] } = await handle.fetchHistory();
    const attributes = (events ?? []).map((event) => event.activityTaskScheduledEventAttributes);
    return attributes.find((one) => one?.activityType?.name === 'adopt') ?? undefined;
  });
  assert.equal(scheduled.taskQueue?.name, 'reveille-stop@far-away');
  const { seconds, nanos } = scheduled.scheduleToStartTimeout ?? {};
  assert.ok(Number(seconds ?? 0) === 0 && !nanos, 'it does not time out in the queue');
  await handle.terminate();
});

test('every history of these tests replays', async () => {
  assert.ok((await stack.replayAll()) >= 4);
});
