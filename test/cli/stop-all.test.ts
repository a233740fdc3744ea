import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReveilleError } from '../../errors/index.js';
import { startTestClient } from '../kit/client.js';
import { readyState } from '../kit/control.js';

const TEXT = `resources:
  one: { provider: process, process: { command: [node] }, routes: [{ path: /one }] }
  two: { provider: process, process: { command: [node] }, routes: [{ path: /two }] }
  three: { provider: process, process: { command: [node] }, routes: [{ path: /three }] }
`;

const lines = (text: string) => text.trim().split('\n').sort();

test('stop --all stops what is awake and nothing else, each in the way that was asked for', async (t) => {
  const { run, plane } = await startTestClient(t, { text: TEXT });
  plane.awake.set('one', readyState('one'));
  plane.awake.set('three', readyState('three', { phase: 'booting' }));
  const { code, stdout, stderr } = await run('stop', '--all', '--force');
  assert.deepEqual([code, lines(stdout), stderr], [0, ['one is asleep', 'three is asleep'], '']);
  assert.deepEqual(plane.asked.map(({ what, name }) => `${what} ${name}`).sort(), ['stop one', 'stop three']);
  assert.deepEqual(plane.asked[0]?.args, { force: true, reason: 'by cli, 127.0.0.1' });
});

test('stop --all reaches what is awake but no longer in the configuration', async (t) => {
  const { run, plane } = await startTestClient(t, { text: TEXT });
  plane.awake.set('removed', readyState('removed'));
  assert.equal((await run('stop', '--all')).stdout, 'removed is asleep\n');
});

test('stop --all says so where nothing is awake', async (t) => {
  const { run, plane } = await startTestClient(t, { text: TEXT });
  const { code, stdout } = await run('stop', '--all');
  assert.deepEqual([code, stdout, plane.asked], [0, 'nothing is awake\n', []]);
  assert.deepEqual(JSON.parse((await run('stop', '--all', '--json')).stdout), { stopped: [], failed: [] });
});

test('what stop --all cannot stop is named and ends it with 1, and the others are stopped', async (t) => {
  const { run, plane } = await startTestClient(t, { text: TEXT });
  for (const name of ['one', 'two']) plane.awake.set(name, readyState(name));
  plane.asleep = async (name) => {
    if (name === 'one') throw new ReveilleError('STOP_FAILED', 'the command says no');
  };
  const { code, stdout, stderr } = await run('stop', '--all');
  assert.deepEqual([code, stdout], [1, 'two is asleep\n']);
  assert.match(stderr, /^one could not be stopped\nerror STOP_FAILED: the command says no\n/);
  const json = await run('stop', '--all', '--json');
  assert.equal(json.code, 1);
  const { stopped, failed } = JSON.parse(json.stdout);
  assert.deepEqual(stopped, [{ name: 'two', action: 'stop', phase: 'asleep' }]);
  assert.deepEqual(
    failed.map(({ name, error }: { name: string; error: { code: string } }) => [name, error.code]),
    [['one', 'STOP_FAILED']],
  );
});

test('stop --all --no-wait only asks', async (t) => {
  const { run, plane } = await startTestClient(t, { text: TEXT });
  plane.awake.set('one', readyState('one'));
  plane.asleep = () => new Promise(() => {});
  assert.equal((await run('stop', '--all', '--no-wait')).stdout, 'one is asked to stop\n');
});

test('stop wants a name or --all, and not both', async (t) => {
  const { run, plane } = await startTestClient(t, { text: TEXT });
  for (const args of [[], ['one', '--all']]) {
    const { code, stderr } = await run('stop', ...args);
    assert.equal(code, 2);
    assert.match(stderr, /name a resource, or say --all/);
  }
  assert.deepEqual(plane.asked, []);
});
