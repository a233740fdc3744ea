import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AwakeResources, stopAwake } from '../../cli/up/stop-awake.js';
import { type Config, parseConfig } from '../../config/index.js';
import { until } from '../kit/scripts.js';

const embedded = parseConfig('{}', '/tmp/reveille.yaml');
const RESOURCE = '{ provider: process, process: { command: [true] } }'.replace('true', '"true"');
const shared = parseConfig(
  `temporal: { address: 10.0.0.1:7233 }\nresources: { mine: ${RESOURCE} }`,
  '/tmp/reveille.yaml',
);

function begin(config: Config, client: Partial<AwakeResources>) {
  const said: string[] = [];
  const abort = new AbortController();
  const all: AwakeResources = {
    list: async () => [],
    stop: async () => true,
    untilAsleep: async () => {},
    ...client,
  };
  const done = stopAwake(config, all, (line) => said.push(line), abort.signal);
  return { said, abort, done };
}

test('everything awake is stopped, and each step told', async () => {
  const { said, done } = begin(embedded, { list: async () => ['one', 'two'] });
  assert.deepEqual(await done, []);
  assert.deepEqual(said.sort(), ['one is asleep', 'stopping one …', 'stopping two …', 'two is asleep']);
});

test('what does not fall asleep is named when it has taken too long', async () => {
  const { said, abort, done } = begin(embedded, {
    list: async () => ['fast', 'slow'],
    untilAsleep: (name) => (name === 'fast' ? Promise.resolve() : new Promise(() => {})),
  });
  await until(() => said.includes('fast is asleep'));
  abort.abort();
  assert.deepEqual(await done, ['slow']);
});

test('a stop that gets lost is sent again', async () => {
  let sent = 0;
  const { done } = begin(embedded, {
    list: async () => ['one'],
    stop: async () => {
      sent++;
      if (sent === 1) throw new Error('connection lost');
      return true;
    },
  });
  assert.deepEqual(await done, []);
  assert.equal(sent, 2);
});

test('where Temporal cannot be asked, nothing is known', async () => {
  const { done } = begin(embedded, { list: () => Promise.reject(new Error('unavailable')) });
  assert.equal(await done, undefined);
});

test('on a cluster of others only what is configured here is stopped', async () => {
  const { said, done } = begin(shared, { list: async () => ['mine', 'theirs'] });
  assert.deepEqual(await done, []);
  assert.deepEqual(said, ['stopping mine …', 'mine is asleep']);
});
