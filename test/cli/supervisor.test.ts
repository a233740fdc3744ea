import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ChildSpec, Supervisor } from '../../cli/up/supervisor.js';
import { tempFolder, until } from '../kit/scripts.js';

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

/** Says that it ends by SIGTERM, and then takes its time: until the file is there. */
const SLOW_END = `trap 'echo ending; while ! [ -e may-end ]; do sleep 0.05; done; exit 0' TERM
  echo ready; while :; do sleep 0.05; done`;

function leavesSlowly(context: TestContext) {
  const folder = tempFolder(context);
  const parts = supervise(context, `cd ${folder}; ${SLOW_END}`, {
    leaving: (child) =>
      new Promise((resolve) =>
        child.stdout?.on('data', (data) => String(data).includes('ending') && resolve()),
      ),
  });
  return { ...parts, mayEnd: () => writeFileSync(join(folder, 'may-end'), '') };
}

test('a child that begins to end is replaced at once, and ends in its own time', async (context) => {
  const { supervisor, pids, said, mayEnd } = leavesSlowly(context);
  await supervisor.start();
  const [first = 0] = pids;
  process.kill(first, 'SIGTERM');
  await until(() => supervisor.serves && supervisor.pid !== first);
  assert.ok(groupLives(first));
  assert.deepEqual(said, ['part was told to end; starting another in its place']);
  mayEnd();
  await until(() => !groupLives(first));
  assert.ok(supervisor.serves);
});

test('the end of all waits for a child that was replaced and still ends, and kills it in the end', async (context) => {
  const { supervisor, pids } = leavesSlowly(context);
  await supervisor.start();
  const [first = 0] = pids;
  process.kill(first, 'SIGTERM');
  await until(() => supervisor.serves && supervisor.pid !== first);
  await supervisor.stop(100);
  await until(() => !groupLives(first));
});

function groupLives(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}
