import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isAlive, processHost, until } from '../kit/process-host.js';

const pidOf = (id: string) => Number(id.split(':')[0]);

test('a boot starts the command with its port, names and folder, and the worker can be without it', async (t) => {
  const host = processHost(t, {
    app: {
      command: [
        'sh',
        '-c',
        'echo "$PORT $REVEILLE_RESOURCE $REVEILLE_GENERATION $PWD" > out; exec sleep 600',
      ],
    },
  });
  const { instance, adopted } = await host.boot('app', 7);
  const out = join(host.folder, 'out');
  await until('it has written', () => readFileSync(out, { flag: 'a+', encoding: 'utf8' }).includes('\n'));
  assert.equal(readFileSync(out, 'utf8'), `${instance.endpoint.port} app 7 ${host.folder}\n`);
  assert.equal(adopted, false);
  assert.equal(instance.host, 'test-host');
  const stat = readFileSync(`/proc/${pidOf(instance.id)}/stat`, 'utf8')
    .split(') ')[1]
    ?.split(' ');
  assert.equal(stat?.[3], String(pidOf(instance.id)), 'it leads a session of its own');
});

test('the same boot again, by this worker or another, answers with the same instance', async (t) => {
  const host = processHost(t, { app: { command: ['sleep', '600'] } });
  const [first, second] = await Promise.all([host.boot('app', 1), host.boot('app', 1, host.anotherWorker())]);
  const third = await host.boot('app', 1, host.anotherWorker());
  assert.deepEqual(second, first);
  assert.deepEqual(third, first);
  assert.equal(
    (await host.provider.list({ signal: new AbortController().signal, heartbeat() {} })).length,
    1,
  );
});

test('a generation that died is not started again', async (t) => {
  const host = processHost(t, { app: { command: ['sleep', '600'] } });
  const { instance } = await host.boot('app', 1);
  process.kill(pidOf(instance.id), 'SIGKILL');
  await until('it is gone', async () => (await host.inspect('app', instance)).state === 'gone');
  await assert.rejects(host.boot('app', 1), { code: 'INSTANCE_DIED', message: /killed by SIGKILL/ });
});

test('a younger generation refuses an older boot', async (t) => {
  const host = processHost(t, { app: { command: ['sleep', '600'] } });
  await host.boot('app', 5);
  await assert.rejects(host.boot('app', 4), { code: 'STALE_GENERATION' });
});

test('a boot after its own stop starts nothing', async (t) => {
  const host = processHost(t, { app: { command: ['sleep', '600'] } });
  await host.stop('app', 3);
  await assert.rejects(host.boot('app', 3), { code: 'STALE_GENERATION' });
});

test('a stop ends the process and answers again where nothing is left', async (t) => {
  const host = processHost(t, { app: { command: ['sleep', '600'] } });
  const { instance } = await host.boot('app', 1);
  await host.stop('app', 1);
  await host.stop('app', 1);
  assert.equal(isAlive(pidOf(instance.id)), false);
});

test('what is missing is named: command, folder, user, right to execute', async (t) => {
  const host = processHost(t, {
    command: { command: ['no-such-program'] },
    path: { command: ['./no-such-program'] },
    plain: { command: ['./plain'] },
    folder: { command: ['sleep', '1'], cwd: 'no-such-folder' },
    user: { command: ['sleep', '1'], user: 'no-such-user' },
  });
  writeFileSync(join(host.folder, 'plain'), 'text');
  chmodSync(join(host.folder, 'plain'), 0o644);
  const fails = (name: string, message: RegExp) =>
    assert.rejects(host.boot(name, 1), { code: 'BOOT_FAILED', message });
  await fails('command', /no-such-program does not exist on PATH \(ENOENT\)/);
  await fails('path', /\.\/no-such-program does not exist in .* \(ENOENT\)/);
  await fails('plain', /\.\/plain is not executable \(EACCES\)/);
  await fails('folder', /no-such-folder \(cwd\) does not exist/);
  await fails('user', /user no-such-user does not exist/);
});

test('a state folder that cannot be written fails the boot by name', async (t) => {
  const host = processHost(t, { app: { command: ['sleep', '600'] } });
  writeFileSync(host.stateDir, 'a file where the folder should be');
  await assert.rejects(host.boot('app', 1), { code: 'BOOT_FAILED', message: /ENOTDIR|EEXIST/ });
  rmSync(host.stateDir);
});
