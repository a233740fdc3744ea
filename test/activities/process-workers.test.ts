import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hostOf, type ProcessHost, quietContext, until } from '../kit/process-host.js';
import type { WorkerAnswer, WorkerOrder } from '../kit/process-worker.js';

const program = fileURLToPath(new URL('../kit/process-worker.js', import.meta.url));
const resources = { app: { provider: 'process', process: { command: ['sleep', '600'], grace: '20s' } } };

interface Worker {
  child: ChildProcess;
  answer: Promise<WorkerAnswer>;
}

function worker(
  t: TestContext,
  host: ProcessHost,
  order: Pick<WorkerOrder, 'action' | 'generation' | 'pauseAt'>,
): Worker {
  const argument = JSON.stringify({ folder: host.folder, resources, name: 'app', ...order });
  const child = spawn(process.execPath, [program, argument], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const answer = new Promise<WorkerAnswer>((resolve) => {
    child.once('close', () => resolve(text === '' ? { code: 'KILLED' } : JSON.parse(text)));
  });
  return { child, answer };
}

const stateOf = (pid: number | undefined) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0];
const hasPaused = ({ child }: Worker) => until('the worker pauses', () => stateOf(child.pid) === 'T');

/** All processes that carry this host's resource, whatever the claims say. */
function instances(host: ProcessHost): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const cwd = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`PWD=${host.folder}`);
        return cwd && stateOf(pid) !== 'Z';
      } catch {
        return false;
      }
    });
}

test('two worker processes that boot the same generation start one instance', async (t) => {
  const host = hostOf(t, resources);
  const workers = [1, 2, 3].map(() => worker(t, host, { action: 'boot', generation: 1 }));
  const answers = await Promise.all(workers.map(({ answer }) => answer));
  assert.deepEqual(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1);
  assert.equal(instances(host).length, 1);
});

test('L18: a worker paused before it starts the process finds the one that another started', async (t) => {
  const host = hostOf(t, resources);
  const paused = worker(t, host, { action: 'boot', generation: 1, pauseAt: 'starting the process' });
  await hasPaused(paused);
  const { instance } = await host.boot('app', 1);
  paused.child.kill('SIGCONT');
  assert.deepEqual(await paused.answer, { id: instance.id });
  assert.equal(instances(host).length, 1);
});

test('a worker paused in a boot that was stopped and followed by another starts nothing', async (t) => {
  const host = hostOf(t, resources);
  const paused = worker(t, host, { action: 'boot', generation: 1, pauseAt: 'starting the process' });
  await hasPaused(paused);
  await host.boot('app', 1);
  await host.stop('app', 1);
  const { instance } = await host.boot('app', 2);
  paused.child.kill('SIGCONT');
  assert.deepEqual(await paused.answer, { code: 'INSTANCE_DIED' });
  assert.deepEqual(instances(host), [Number(instance.id.split(':')[0])]);
});

test('a worker paused in a boot that nobody stopped is fenced by the next generation', async (t) => {
  const host = hostOf(t, resources);
  const paused = worker(t, host, { action: 'boot', generation: 1, pauseAt: 'starting the process' });
  await hasPaused(paused);
  const { instance } = await host.boot('app', 2);
  paused.child.kill('SIGCONT');
  assert.deepEqual(await paused.answer, { code: 'STALE_GENERATION' });
  assert.deepEqual(instances(host), [Number(instance.id.split(':')[0])]);
});

test('L17: a worker paused in a stop leaves the next generation alive', async (t) => {
  const host = hostOf(t, resources);
  await host.boot('app', 1);
  const paused = worker(t, host, { action: 'stop', generation: 1, pauseAt: 'ending the processes' });
  await hasPaused(paused);
  await host.stop('app', 1);
  const { instance } = await host.boot('app', 2);
  paused.child.kill('SIGCONT');
  assert.deepEqual(await paused.answer, { done: true });
  assert.equal((await host.inspect('app', instance)).state, 'running');
});

test('what a stop and then a boot began to end and did not, the stop of that boot ends', async (t) => {
  const host = hostOf(t, resources);
  const { instance } = await host.boot('app', 1);
  for (const [action, generation] of [
    ['stop', 1],
    ['boot', 2],
  ] as const) {
    const cutOff = worker(t, host, { action, generation, pauseAt: 'ending the processes' });
    await hasPaused(cutOff);
    cutOff.child.kill('SIGKILL');
    await once(cutOff.child, 'close');
  }
  assert.equal((await host.inspect('app', instance)).state, 'running');
  await host.stop('app', 2);
  assert.deepEqual(instances(host), []);
});

test('what an older generation left, and nobody began to end, the stop of a boot that never was leaves alone', async (t) => {
  const host = hostOf(t, resources);
  const { instance } = await host.boot('app', 1);
  await host.stop('app', 2);
  assert.equal((await host.inspect('app', instance)).state, 'running');
});

test('a worker killed before it starts the process leaves nothing in the way of the next', async (t) => {
  const host = hostOf(t, resources);
  const first = worker(t, host, { action: 'boot', generation: 1, pauseAt: 'starting the process' });
  await hasPaused(first);
  first.child.kill('SIGKILL');
  await once(first.child, 'close');
  const { instance } = await host.boot('app', 1);
  assert.equal(readdirSync(join(host.stateDir, 'ports')).length, 1, 'the port it had picked is used');
  assert.equal((await host.inspect('app', instance)).state, 'running');
});

test('the instance lives on when its worker has ended, and the boot goes on elsewhere', async (t) => {
  const host = hostOf(t, resources);
  const answer = await worker(t, host, { action: 'boot', generation: 1 }).answer;
  const again = await host.boot('app', 1);
  assert.deepEqual(answer, { id: again.instance.id });
  const found = await host.provider.list(quietContext());
  assert.deepEqual(found, [{ name: 'app', instance: again.instance, state: 'running' }]);
});
