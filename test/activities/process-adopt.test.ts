import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bootId } from '../../activities/host/boot-id.js';
import { formatIdentity, readStat } from '../../activities/host/groups/identity.js';
import { isAlive, processHost, quietContext, until } from '../kit/process-host.js';

const pidOf = (id: string) => Number(id.split(':')[0]);
const sleeper = { app: { command: ['sleep', '600'] } };

test('a younger boot takes over what still runs, and the older stop then leaves it alone', async (t) => {
  const host = processHost(t, sleeper);
  const { instance } = await host.boot('app', 1);
  const taken = await host.boot('app', 2);
  assert.deepEqual(taken, { instance: { ...instance, generation: 2 }, adopted: true });
  await host.stop('app', 1);
  assert.equal((await host.inspect('app', taken.instance)).state, 'running');
  await host.stop('app', 2);
  assert.equal(isAlive(pidOf(instance.id)), false);
});

test('adopting gives the instance a new generation, again when asked again', async (t) => {
  const host = processHost(t, sleeper);
  const { instance } = await host.boot('app', 1);
  const expected = { state: 'running', instance: { ...instance, generation: 2 } };
  const adopt = () => host.provider.adopt(host.request('app', 2), instance, quietContext());
  assert.deepEqual(await adopt(), expected);
  assert.deepEqual(await adopt(), expected);
  await assert.rejects(host.boot('app', 1), { code: 'STALE_GENERATION' });
});

test('L16: what ended before it could be adopted is gone, and nothing is booted', async (t) => {
  const host = processHost(t, sleeper);
  const { instance } = await host.boot('app', 1);
  await host.stop('app', 1);
  const result = await host.provider.adopt(host.request('app', 2), instance, quietContext());
  assert.equal(result.state, 'gone');
  assert.deepEqual(await host.provider.list(quietContext()), []);
});

test('a suspended instance is not adopted', async (t) => {
  const host = processHost(t, sleeper);
  const { instance } = await host.boot('app', 1);
  await host.stop('app', 1, 'suspend');
  const result = await host.provider.adopt(host.request('app', 2), instance, quietContext());
  assert.equal(result.state, 'suspended');
  assert.equal((await host.inspect('app', instance)).state, 'suspended');
});

test('a process that was not started here is not adopted', async (t) => {
  const host = processHost(t, sleeper);
  await host.boot('app', 1);
  const stranger = spawn('sleep', ['600'], { stdio: 'ignore' });
  t.after(() => stranger.kill());
  const pid = stranger.pid ?? 0;
  const id = formatIdentity({ pid, start: readStat(pid)?.start ?? 0, boot: bootId() });
  const instance = { id, endpoint: { host: '127.0.0.1', port: 1 }, generation: 1 };
  const result = await host.provider.adopt(host.request('app', 2), instance, quietContext());
  assert.equal(result.state, 'gone');
});

test('a stop that was cut off is finished before the next generation boots', async (t) => {
  const command = ['sh', '-c', 'trap "" TERM; echo up > up; while :; do sleep 600; done'];
  const host = processHost(t, { app: { command, grace: '50ms' } });
  const { instance } = await host.boot('app', 1);
  await until('it runs', () => existsSync(join(host.folder, 'up')));
  const cut = new AbortController();
  const context = { signal: cut.signal, heartbeat: () => cut.abort(new Error('the worker ends')) };
  const options = { then: 'stop', force: false } as const;
  await assert.rejects(host.provider.stop(host.request('app', 1), instance, options, context), /worker ends/);
  const next = await host.boot('app', 2);
  assert.notEqual(next.instance.id, instance.id);
  assert.equal(next.adopted, false);
  await until('the old one is gone', () => !isAlive(pidOf(instance.id)));
});
