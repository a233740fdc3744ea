import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Claims } from '../../activities/host/groups/claims.js';
import { isAlive, processHost, quietContext, until } from '../kit/process-host.js';

const pidOf = (id: string) => Number(id.split(':')[0]);
const sleeper = { app: { command: ['sh', '-c', 'sleep 600 & wait'] } };

test('a suspended instance stands still and is said to be suspended', async (t) => {
  const host = processHost(t, sleeper);
  const { instance } = await host.boot('app', 1);
  await host.stop('app', 1, 'suspend');
  assert.equal((await host.inspect('app', instance)).state, 'suspended');
  assert.deepEqual(await host.provider.list(quietContext()), [{ name: 'app', instance, state: 'suspended' }]);
});

test('the next generation resumes it, with the same process and port, as nobody holds leases of it', async (t) => {
  const host = processHost(t, sleeper);
  const { instance } = await host.boot('app', 1);
  await host.stop('app', 1, 'suspend');
  const resumed = await host.boot('app', 2);
  assert.deepEqual(resumed, { instance: { ...instance, generation: 2 }, adopted: false });
  assert.equal((await host.inspect('app', resumed.instance)).state, 'running');
});

test('the next generation starts anew where the settings have changed since', async (t) => {
  const host = processHost(t, sleeper);
  const { instance } = await host.boot('app', 1);
  await host.stop('app', 1, 'suspend');
  const next = await host.provider.boot(host.request('app', 2, 'r2'), quietContext());
  assert.notEqual(next.instance.id, instance.id);
  assert.equal(isAlive(pidOf(instance.id)), false);
});

test('a suspended instance can be stopped: it sees SIGTERM', async (t) => {
  const host = processHost(t, { app: { command: ['sh', '-c', 'sleep 600 & wait'], grace: '1h' } });
  const { instance } = await host.boot('app', 1);
  await host.stop('app', 1, 'suspend');
  await host.stop('app', 1);
  assert.equal(isAlive(pidOf(instance.id)), false);
});

test('a boot that was late for its generation does not resume what that generation suspended', async (t) => {
  const host = processHost(t, sleeper);
  const { instance } = await host.boot('app', 1);
  await host.stop('app', 1, 'suspend');
  await assert.rejects(host.boot('app', 1, host.anotherWorker()), { code: 'STALE_GENERATION' });
  assert.equal((await host.inspect('app', instance)).state, 'suspended');
});

test('a suspension that comes late leaves a younger generation running', async (t) => {
  const host = processHost(t, sleeper);
  const { instance } = await host.boot('app', 1);
  await host.boot('app', 2);
  await host.stop('app', 1, 'suspend');
  await until('it runs', async () => (await host.inspect('app', instance)).state === 'running');
});

test('an instance that is taken over while it is being suspended goes on', async (t) => {
  const host = processHost(t, sleeper);
  const { instance } = await host.boot('app', 1);
  const claims = new Claims(join(host.stateDir, 'process', 'app'));
  const context = quietContext(() => claims.decideFate(1, 2));
  const options = { then: 'suspend', force: false } as const;
  await host.provider.stop(host.request('app', 1), instance, options, context);
  assert.equal((await host.inspect('app', instance)).state, 'running');
  await host.boot('app', 2);
});
