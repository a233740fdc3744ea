import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { waitHealthy } from '../../activities/health.js';
import { hostOf, processHost, quietContext, until } from '../kit/process-host.js';

test('an instance that dies while it boots is told at once, with its exit code and its last lines', async (t) => {
  const command = [
    'sh',
    '-c',
    'echo starting; echo "no database" >&2; while [ ! -e go ]; do sleep 0.01; done; exit 3',
  ];
  const host = hostOf(t, {
    app: { provider: 'process', process: { command }, health: { tcp: true, timeout: '1h' } },
  });
  const request = host.request('app', 1);
  const { instance } = await host.provider.boot(request, quietContext());
  const died = host.provider.watch(request, instance, quietContext());
  const options = { signal: new AbortController().signal, heartbeat() {}, died };
  const healthy = waitHealthy(request.definition.health, instance.endpoint, options);
  writeFileSync(join(host.folder, 'go'), '');
  await assert.rejects(healthy, {
    code: 'INSTANCE_DIED',
    message: 'the process exited with code 3 before it was healthy',
    log: 'starting\nno database\n',
  });
});

test('another worker, which did not start it, sees its end too', async (t) => {
  const host = processHost(t, { app: { command: ['sleep', '600'] } });
  const { instance } = await host.boot('app', 1);
  const watched = host.anotherWorker().watch(host.request('app', 1), instance, quietContext());
  process.kill(Number(instance.id.split(':')[0]), 'SIGKILL');
  assert.equal((await watched)?.reason, 'the process has ended');
});

test('watching ends with its signal and says nothing', async (t) => {
  const host = processHost(t, { app: { command: ['sleep', '600'] } });
  const { instance } = await host.boot('app', 1);
  const end = new AbortController();
  const watched = host.provider.watch(host.request('app', 1), instance, {
    signal: end.signal,
    heartbeat() {},
  });
  end.abort();
  assert.equal(await watched, undefined);
});

test('values that came from references are masked in the log', async (t) => {
  process.env.TEST_PASSWORD = 'correct-horse';
  t.after(() => void delete process.env.TEST_PASSWORD);
  const env = { PASSWORD: '${env:TEST_PASSWORD}' };
  const host = processHost(t, {
    app: { command: ['sh', '-c', 'echo "it is $PASSWORD"; exec sleep 600'], env },
  });
  await host.boot('app', 1);
  const tail = () => host.provider.logTail(host.request('app', 1), 1000);
  await until('it has written', async () => (await tail()).includes('it is'));
  assert.match(await tail(), /^--- reveille: generation 1, port \d+, .*\nit is \*\*\*\n$/);
});

test('housekeeping keeps the log of a talkative instance within its bounds', async (t) => {
  const command = ['sh', '-c', 'while :; do echo 0123456789012345678901234567890123456789; done'];
  const host = processHost(t, { app: { command, logSize: '20KB' } });
  await host.boot('app', 1);
  const folder = join(host.stateDir, 'process', 'app');
  for (let turn = 0; turn < 3; turn++) {
    await until('the log is over its limit', () => statSync(join(folder, 'log')).size > 20_000);
    await host.provider.maintain?.(quietContext());
  }
  assert.ok(existsSync(join(folder, 'log.1')));
  assert.ok(statSync(join(folder, 'log.1')).size <= 40_000);
  await host.stop('app', 1, 'stop', true);
  await host.provider.maintain?.(quietContext());
  assert.ok(statSync(join(folder, 'log')).size <= 20_000);
  assert.deepEqual(readdirSync(join(folder, 'tmp')), []);
});
