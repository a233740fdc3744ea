import assert from 'node:assert/strict';
import { type IncomingMessage, request } from 'node:http';
import { type TestContext, test } from 'node:test';
import type { FeedChange, ResourceList } from '../../control/contract.js';
import { eventually } from '../kit/conditions.js';
import { codeOf, raw, readyState, startTestControl } from '../kit/control.js';

const EVENTS = '/api/v1/events';
const FAST = 'listen: 127.0.0.1:0, events: { every: 20ms, listeners: 2 }';

/** What the n-th event told. */
const dataOf = <T>(told: readonly Told[], index: number): T => told[index]?.data as T;

interface Told {
  event: string;
  data: unknown;
}

/** Listens to the feed; ends with the test. */
async function listen(t: TestContext, url: string): Promise<{ told: Told[]; close: () => void }> {
  const told: Told[] = [];
  const asked = request(url + EVENTS, { agent: false }).end();
  t.after(() => asked.destroy());
  const answer = await new Promise<IncomingMessage>((resolve, reject) =>
    asked.once('response', resolve).once('error', reject),
  );
  assert.equal(answer.headers['content-type'], 'text/event-stream; charset=utf-8');
  let rest = '';
  answer.on('error', () => {});
  answer.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(part) ?? [];
      if (event !== undefined && data !== undefined) told.push({ event, data: JSON.parse(data) });
    }
  });
  return { told, close: () => asked.destroy() };
}

test('who listens has the whole list first, and then only the lines that changed', async (t) => {
  const { url, plane } = await startTestControl(t, { control: FAST });
  const { told } = await listen(t, url);
  await eventually('the list', () => told.length > 0);
  assert.equal(told[0]?.event, 'list');
  assert.deepEqual(
    dataOf<ResourceList>(told, 0).resources.map(({ name, phase }) => [name, phase]),
    [['hello', 'asleep']],
  );
  plane.awake.set('stray', readyState('stray'));
  await eventually('a change', () => told.length > 1);
  assert.deepEqual(
    dataOf<FeedChange>(told, 1).changed.map(({ name }) => name),
    ['stray'],
  );
  plane.awake.delete('stray');
  await eventually('another', () => told.length > 2);
  assert.deepEqual(dataOf<FeedChange>(told, 2).gone, ['stray']);
});

test('that time goes by is no news of what is awake', async (t) => {
  const { url, plane } = await startTestControl(t, { control: FAST });
  plane.awake.set('hello', readyState('hello'));
  // To the next hundredth it is 18 s.
  plane.runTimes = [{ name: 'hello', runId: 'a', start: Date.now() - 3_600_000 }];
  const { told } = await listen(t, url);
  await eventually('the list', () => told.length > 0);
  assert.ok(dataOf<ResourceList>(told, 0).resources[0]?.cost);
  const from = plane.statusesAsked.length;
  await eventually('it is read some times', () => plane.statusesAsked.length > from + 5);
  plane.awake.set('stray', readyState('stray'));
  await eventually('a change', () => told.length > 1);
  assert.deepEqual(
    dataOf<FeedChange>(told, 1).changed.map(({ name }) => name),
    ['stray'],
  );
});

test('who listens while Temporal is away hears why, once, and the list when it is back', async (t) => {
  const { url, plane } = await startTestControl(t, { control: FAST });
  plane.failure = new Error('Nobody is home');
  const { told } = await listen(t, url);
  await eventually('trouble', () => told.length > 0);
  plane.failure = undefined;
  await eventually('the list', () => told.some(({ event }) => event === 'list'));
  assert.deepEqual(
    told.map(({ event }) => event),
    ['trouble', 'list'],
  );
});

test('more listeners than control.events.listeners are refused, until one goes', async (t) => {
  const { url } = await startTestControl(t, { control: FAST });
  const [first] = [await listen(t, url), await listen(t, url)];
  const refused = await raw(url + EVENTS);
  assert.equal(refused.status, 503);
  assert.equal(codeOf(refused), 'TOO_MANY_LISTENERS');
  assert.ok(refused.headers['retry-after']);
  first.close();
  await eventually('there is room again', () => listen(t, url).catch(() => undefined));
});
