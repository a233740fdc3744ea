import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { quotaId } from '../../workflows/messages.js';
import type { QuotaBookState } from '../../workflows/quota-book.js';
import { eventually } from '../kit/conditions.js';
import { Stack } from '../kit/stack.js';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
let stack: Stack;
/** Boots that a test holds back; released by name. */
const held = new Map<string, () => void>();
let most = 0;
let booting = 0;

before(async () => {
  const resources = Object.fromEntries(NAMES.map((name) => [name, {}]));
  stack = await Stack.start(resources, { quotas: { process: { awake: 2, boots: 1 } } });
  stack.provider.beforeBoot = async ({ name }, { signal }) => {
    booting += 1;
    most = Math.max(most, booting);
    try {
      await new Promise<void>((resolve, reject) => {
        held.set(name, resolve);
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    } finally {
      held.delete(name);
      booting -= 1;
    }
  };
});
after(() => stack.close());

const wake = (name: string, by = '') => stack.resources.wake(name, { reason: 'a test', by });
const boots = (name: string) => eventually(`${name} boots`, () => held.has(name));
const isReady = async (name: string) => (await stack.resources.ready(name))?.ready === true;
const isAsleep = async (name: string) => (await stack.resources.openRun(name)) === undefined;
const letBoot = async (name: string) => {
  await boots(name);
  held.get(name)?.();
  await eventually(`${name} is ready`, () => isReady(name));
};
const stop = async (name: string) => {
  await stack.resources.stop(name);
  await eventually(`${name} is asleep`, () => isAsleep(name));
};
const places = () =>
  stack.temporal.client.workflow.getHandle(quotaId('process')).query<QuotaBookState>('places');
const waits = (name: string, ahead: number) =>
  eventually(`${name} waits with ${ahead} before it`, async () => {
    const status = await stack.resources.status(name);
    return status?.ahead === ahead;
  });

test('one boots at a time and two are awake; who waits is told how many are before it', async () => {
  await wake('a');
  await boots('a');
  await wake('b');
  await waits('b', 0);
  await wake('c');
  await waits('c', 1);
  await letBoot('a');
  await letBoot('b');
  await waits('c', 0);
  assert.equal(held.has('c'), false);
  await stop('a');
  await letBoot('c');
  assert.equal(most, 1);
  await stop('b');
  await stop('c');
});

test('a user who wakes one comes before the second of a user who wakes many', async () => {
  await wake('a', 'many');
  await boots('a');
  await wake('b', 'many');
  await waits('b', 0);
  await wake('c', 'one');
  await waits('c', 0);
  await letBoot('a');
  await letBoot('c');
  await stop('a');
  await letBoot('b');
  for (const name of ['b', 'c']) await stop(name);
});

test('a stop ends the wait for a place, and nothing boots', async () => {
  await wake('d');
  await boots('d');
  await wake('e');
  await waits('e', 0);
  await stop('e');
  await letBoot('d');
  assert.equal(stack.provider.bootsOf.includes('e'), false);
  await stop('d');
});

test('an execution that was killed gives its place back', async () => {
  await wake('a');
  await letBoot('a');
  await wake('b');
  await letBoot('b');
  await wake('f');
  await waits('f', 0);
  await stack.temporal.client.workflow.getHandle('resource:a').terminate('a test');
  await letBoot('f');
  await stop('b');
  await stop('f');
});

test('a bound that a reload raises lets in who waits already', async () => {
  await wake('c');
  await letBoot('c');
  await wake('d');
  await letBoot('d');
  await wake('e');
  await waits('e', 0);
  stack.reloadTop({ quotas: { process: { awake: 3, boots: 1 } } });
  // It asks again after 10 s, 20 s, 40 s.
  await eventually('e boots', () => held.has('e'), 120_000);
  await letBoot('e');
  for (const name of ['c', 'd', 'e']) await stop(name);
  stack.reloadTop({ quotas: { process: { awake: 2, boots: 1 } } });
});

test('where the count itself is killed, who waits asks again', async () => {
  await wake('c');
  await boots('c');
  await wake('d');
  await waits('d', 0);
  await stack.temporal.client.workflow.getHandle(quotaId('process')).terminate('a test');
  await letBoot('d');
  await letBoot('c');
  await stop('c');
  await stop('d');
});

test('the count ends when nobody has or wants a place', async () => {
  await wake('e');
  await letBoot('e');
  assert.deepEqual(Object.keys((await places()).holders), ['e']);
  await stop('e');
  await eventually('it has ended', async () => {
    const { status } = await stack.temporal.client.workflow.getHandle(quotaId('process')).describe();
    return status.name === 'COMPLETED';
  });
  assert.ok((await stack.replayAll()) > 0);
});
