import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { type ChildSpec, Supervisor } from '../../cli/up/supervisor.js';
import { until } from '../kit/scripts.js';

/** A supervised shell script that is ready when it says a line. */
function supervise(context: TestContext, script: string, more: Partial<ChildSpec> = {}) {
  const pids: number[] = [];
  const said: string[] = [];
  const spec: ChildSpec = {
    name: 'part',
    spawn: () => spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] }),
    ready: (child: ChildProcess) => new Promise((resolve) => child.stdout?.once('data', () => resolve())),
    terminate: (child) => child.kill('SIGTERM'),
    logTail: () => 'the end of the log',
    ...more,
  };
  const supervisor = new Supervisor(spec, {
    say: (line) => said.push(line),
    changed: (_name, pid) => pid !== undefined && pids.push(pid),
  });
  context.after(() => supervisor.stop(0));
  return { supervisor, pids, said };
}

test('a child that ends is started again', async (context) => {
  const { supervisor, pids, said } = supervise(context, 'echo ready; exec sleep 600');
  await supervisor.start();
  process.kill(pids[0] ?? 0, 'SIGKILL');
  await until(() => pids.length === 2 && supervisor.serves);
  assert.deepEqual(said, ['part ended (SIGKILL); starting it again']);
});

test('what a dead child left in its group is killed before it is started again', async (context) => {
  const { supervisor, pids } = supervise(context, 'sleep 600 & echo ready; wait');
  await supervisor.start();
  const group = pids[0] ?? 0;
  process.kill(group, 'SIGKILL');
  await until(() => pids.length === 2);
  await until(() => !groupLives(group));
});

test('a child that never becomes ready fails the start, with the end of its log', async (context) => {
  const { supervisor, pids } = supervise(context, 'exit 7');
  await assert.rejects(supervisor.start(), {
    code: 'SETUP_FAILED',
    message: 'part did not start (code 7). The end of its log:\nthe end of the log',
  });
  assert.equal(pids.length, 3);
});

test('a program that cannot be run fails the start', async (context) => {
  const spawnMissing = () => spawn('/does/not/exist', [], { detached: true });
  const { supervisor } = supervise(context, '', { spawn: spawnMissing });
  await assert.rejects(supervisor.start(), /part did not start \(.*ENOENT/);
});

test('a child that does not end when asked is killed, and not started again', async (context) => {
  const { supervisor, pids } = supervise(context, 'trap "" TERM; echo ready; while :; do sleep 1; done');
  await supervisor.start();
  await supervisor.stop(100);
  assert.equal(pids.length, 1);
  await until(() => !groupLives(pids[0] ?? 0));
});

function groupLives(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}
