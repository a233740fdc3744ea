import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startScript, tempFolder, until } from '../kit/scripts.js';

const HOLD = (lock: string, log: string) => `
  import { appendFileSync, existsSync } from 'node:fs';
  await m.withLock(${JSON.stringify(lock)}, { what: 'testing' }, async () => {
    appendFileSync(${JSON.stringify(log)}, 'in ');
    while (!existsSync(${JSON.stringify(`${lock}.go`)})) await new Promise((r) => setTimeout(r, 10));
    appendFileSync(${JSON.stringify(log)}, 'out ');
  });`;

test('a second process waits for the lock and says so', async (context) => {
  const folder = tempFolder(context);
  const [lock, log] = [join(folder, 'lock'), join(folder, 'log')];
  const first = startScript(context, 'setup/lock.mjs', HOLD(lock, log));
  await until(() => existsSync(log));
  const second = startScript(context, 'setup/lock.mjs', HOLD(lock, log));
  await until(() => second.output().includes(`another process (${first.child.pid})`));
  writeFileSync(`${lock}.go`, '');
  await Promise.all([first.ended, second.ended]);
  assert.equal(readFileSync(log, 'utf8'), 'in out in out ');
  assert.equal(existsSync(lock), false);
});

test('the lock of a process that was killed is free', async (context) => {
  const folder = tempFolder(context);
  const [lock, log] = [join(folder, 'lock'), join(folder, 'log')];
  const first = startScript(context, 'setup/lock.mjs', HOLD(lock, log));
  await until(() => existsSync(log));
  first.child.kill('SIGKILL');
  await first.ended;
  assert.equal(existsSync(lock), true);
  writeFileSync(`${lock}.go`, '');
  const { code } = await startScript(context, 'setup/lock.mjs', HOLD(lock, log)).ended;
  assert.equal(code, 0);
  assert.equal(readFileSync(log, 'utf8'), 'in in out ');
});

test('a pid that was handed out again does not hold the lock', async (context) => {
  const folder = tempFolder(context);
  const [lock, log] = [join(folder, 'lock'), join(folder, 'log')];
  writeFileSync(lock, `${process.pid} 1`);
  writeFileSync(`${lock}.go`, '');
  const { code } = await startScript(context, 'setup/lock.mjs', HOLD(lock, log)).ended;
  assert.equal(code, 0);
});
