import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ReveilleError } from '../../errors/index.js';
import { startTestClient } from '../kit/client.js';
import { readyState } from '../kit/control.js';
import { tempFolder } from '../kit/scripts.js';

test('wake waits until ready, and says that it came from the command line', async (t) => {
  const { run, plane } = await startTestClient(t);
  const woken = await run('wake', 'hello');
  assert.deepEqual([woken.code, woken.stdout, woken.stderr], [0, 'hello is ready\n', '']);
  assert.deepEqual(plane.asked, [{ what: 'wake', name: 'hello', args: { reason: 'by cli, 127.0.0.1' } }]);
  plane.ready = () => new Promise(() => {});
  assert.equal((await run('wake', 'hello', '--no-wait')).stdout, 'hello is asked to wake\n');
});

test('a wake that fails shows the last words of the instance, the reason and what to do', async (t) => {
  const { run, plane } = await startTestClient(t);
  plane.ready = async () => {
    throw new ReveilleError('INSTANCE_DIED', 'exited with code 3', { log: 'cannot open the database' });
  };
  const { code, stdout, stderr } = await run('wake', 'hello');
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /cannot open the database\n.*INSTANCE_DIED: exited with code 3\n/);
});

test('SB15: stop waits until asleep, says so where it was asleep, and passes on how', async (t) => {
  const { run, plane } = await startTestClient(t);
  assert.deepEqual((await run('stop', 'hello')).stdout, 'hello is asleep\n');
  plane.awake.set('hello', readyState('hello'));
  assert.equal((await run('stop', 'hello', '--then', 'suspend', '--force')).stdout, 'hello is asleep\n');
  assert.deepEqual(plane.asked.at(-1)?.args, { then: 'suspend', force: true, reason: 'by cli, 127.0.0.1' });
});

test('delete does nothing without --yes', async (t) => {
  const { run, plane } = await startTestClient(t);
  plane.awake.set('hello', readyState('hello'));
  assert.equal((await run('delete', 'hello')).code, 2);
  assert.equal(plane.asked.length, 0);
  assert.equal((await run('delete', 'hello', '--yes')).code, 0);
  assert.deepEqual(plane.asked[0]?.args, { then: 'delete', reason: 'by cli, 127.0.0.1' });
});

test('pin takes a duration or a time, and unpin ends it', async (t) => {
  const { run, plane } = await startTestClient(t);
  const until = await run('pin', 'hello', '--until', '2100-01-01T00:00:00Z');
  assert.equal(until.stdout, 'hello is pinned until 2100-01-01T00:00:00Z\n');
  const expected = { until: Date.UTC(2100, 0), reason: 'by cli, 127.0.0.1' };
  assert.deepEqual(plane.asked, [{ what: 'pin', name: 'hello', args: expected }]);
  assert.equal((await run('pin', 'hello', '--for', '2h')).stdout, 'hello is pinned for 2h\n');
  assert.equal((await run('pin', 'hello')).stdout, 'hello is pinned until it is unpinned\n');
  assert.equal((await run('pin', 'hello', '--for', '2h', '--until', '2100-01-01T00:00:00Z')).code, 2);
  assert.equal((await run('pin', 'hello', '--for', 'long')).code, 2);
  plane.awake.set('hello', readyState('hello'));
  assert.equal((await run('unpin', 'hello')).stdout, 'hello is not pinned any more\n');
});

test('with --json the result is one object on standard output', async (t) => {
  const { run } = await startTestClient(t);
  const { stdout } = await run('wake', 'hello', '--json');
  assert.deepEqual(JSON.parse(stdout), { name: 'hello', action: 'wake', phase: 'ready' });
});

test('an unknown resource, a Temporal that is down and a missing configuration each end with 1', async (t) => {
  const { run, plane } = await startTestClient(t);
  const unknown = await run('wake', 'nobody');
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /RESOURCE_UNKNOWN: .*"nobody"/);
  plane.failure = new ReveilleError('TEMPORAL_UNREACHABLE');
  assert.match((await run('status')).stderr, /TEMPORAL_UNREACHABLE/);
  const missing = await run('status', '--config', '/nonexistent/reveille.yaml');
  assert.match(missing.stderr, /CONFIG_NOT_FOUND/);
});

test('a control address that is not there is told with what to do about it', async (t) => {
  const { run, service } = await startTestClient(t);
  await service.close();
  const { code, stderr } = await run('status');
  assert.equal(code, 1);
  assert.match(stderr, /CONTROL_UNREACHABLE: .*127\.0\.0\.1:\d+: nothing listens there\n.*`reveille up`/);
});

test('the token is taken from the configuration', async (t) => {
  const { run, url } = await startTestClient(t, { token: 'open-sesame' });
  assert.equal((await run('status')).code, 0);
  const file = join(tempFolder(t), 'reveille.yaml');
  writeFileSync(file, `control: { listen: "${new URL(url).host}" }`);
  const { code, stderr } = await run('status', '--config', file);
  assert.equal(code, 1);
  assert.match(stderr, /UNAUTHORIZED/);
});
