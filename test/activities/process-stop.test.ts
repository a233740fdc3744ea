import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isAlive, processHost, until } from '../kit/process-host.js';

const pidOf = (id: string) => Number(id.split(':')[0]);
/** Starts a child and a grandchild that ignore SIGTERM, and writes their pids. */
const STUBBORN = `trap '' TERM; (sh -c 'trap "" TERM; echo $$ >> pids; while :; do sleep 600; done' & wait) &
echo ready >> pids; while :; do sleep 600; done`;

const lines = (file: string) =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];

test('a stop ends the whole group, grandchildren that ignore SIGTERM too, after the grace', async (t) => {
  const host = processHost(t, { app: { command: ['sh', '-c', STUBBORN], grace: '100ms' } });
  const { instance } = await host.boot('app', 1);
  const pids = join(host.folder, 'pids');
  await until('all run', () => lines(pids).length === 2);
  await host.stop('app', 1);
  const grandchild = Number(lines(pids).find((line) => line !== 'ready'));
  assert.equal(isAlive(pidOf(instance.id)), false);
  await until('the grandchild is reaped', () => !isAlive(grandchild));
});

test('a process that ends on SIGTERM has its own time for it', async (t) => {
  const command = [
    'sh',
    '-c',
    `trap 'echo bye > bye; exit 0' TERM; echo up > up; while :; do sleep 0.05; done`,
  ];
  const host = processHost(t, { app: { command, grace: '1h' } });
  await host.boot('app', 1);
  await until('it runs', () => existsSync(join(host.folder, 'up')));
  await host.stop('app', 1);
  assert.equal(readFileSync(join(host.folder, 'bye'), 'utf8'), 'bye\n');
});

test('force does not wait for the grace', async (t) => {
  const host = processHost(t, { app: { command: ['sh', '-c', STUBBORN], grace: '1h' } });
  const { instance } = await host.boot('app', 1);
  await until('all run', () => lines(join(host.folder, 'pids')).length === 2);
  await host.stop('app', 1, 'stop', true);
  assert.equal(isAlive(pidOf(instance.id)), false);
});

test('what a dead leader left behind is ended by its stop', async (t) => {
  const command = ['sh', '-c', 'sleep 600 & echo $! > child; sleep 600'];
  const host = processHost(t, { app: { command } });
  const { instance } = await host.boot('app', 1);
  const file = join(host.folder, 'child');
  await until('the child runs', () => lines(file).length === 1);
  process.kill(pidOf(instance.id), 'SIGKILL');
  await until('the leader is gone', async () => (await host.inspect('app', instance)).state === 'gone');
  assert.equal(isAlive(Number(lines(file)[0])), true);
  await host.stop('app', 1);
  await until('the child is gone', () => !isAlive(Number(lines(file)[0])));
});

test('what a dead leader left behind is ended by the next boot', async (t) => {
  const host = processHost(t, { app: { command: ['sh', '-c', 'sleep 600 & echo $! >> child; sleep 600'] } });
  const { instance } = await host.boot('app', 1);
  const file = join(host.folder, 'child');
  await until('the child runs', () => lines(file).length === 1);
  process.kill(pidOf(instance.id), 'SIGKILL');
  await until('the leader is gone', async () => (await host.inspect('app', instance)).state === 'gone');
  const next = await host.boot('app', 2);
  assert.equal(next.adopted, false);
  await until('the child is gone', () => !isAlive(Number(lines(file)[0])));
});

test('delete ends what is suspended from an older generation and removes all but the claims', async (t) => {
  const host = processHost(t, { app: { command: ['sleep', '600'] } });
  const { instance } = await host.boot('app', 1);
  await host.stop('app', 1, 'suspend');
  await host.stop('app', 2, 'delete');
  assert.equal(isAlive(pidOf(instance.id)), false);
  const folder = join(host.stateDir, 'process', 'app');
  assert.equal(existsSync(join(folder, 'log')), false);
  assert.equal(existsSync(join(folder, 'claims', '1')), true);
});
