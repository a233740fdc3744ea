import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FileLock } from '../../activities/images/store/file-lock.js';
import { eventually } from '../kit/conditions.js';
import { addImage, diskUsage, keyOf, MB, openStore, testFolder } from '../kit/image-store.js';

const program = (name: string) => fileURLToPath(new URL(`../kit/${name}.js`, import.meta.url));
const [KEY, OTHER] = [keyOf('made'), keyOf('removed')];

test('IPF6, IP11: whenever a process dies, each image is complete or absent, and the next process goes on', async (t) => {
  const folder = testFolder(t);
  // Some of them each time, as each is a process.
  for (let at = 1 + randomInt(6); ; at += 6) {
    const directory = join(folder, String(at));
    const before = await openStore(directory);
    await addImage(before, OTHER, 1000);
    const { status, signal, stderr } = spawnSync(
      process.execPath,
      [program('image-store-crash'), directory, KEY, OTHER, String(at)],
      { encoding: 'utf8' },
    );
    if (signal === null) {
      assert.equal(status, 0, stderr);
      assert.ok(at > 30, `only ${at} points`);
      return;
    }
    const store = await openStore(directory);
    for (const { key } of store.list()) assert.equal(await store.recheck(key), true, `after point ${at}`);
    if (store.find(KEY) === undefined) await addImage(store, KEY, 1000, ['web@1']);
    else assert.deepEqual(store.find(KEY)?.users, ['web@1'], `after point ${at}`);
    if (store.find(OTHER) === undefined) await addImage(store, OTHER, 1000);
    assert.ok(await store.use(OTHER, 'web@2'), `after point ${at}`);
    for (const part of ['drafts', 'aside']) assert.deepEqual(readdirSync(join(directory, part)), [], part);
    await store.close();
    await before.close();
  }
});

test('IPF7: after a crash, files are read again before the next use', async (t) => {
  const directory = testFolder(t);
  const child = loadProcess(directory, MB * 100, 1);
  await eventually('it has made an image', () => child.lines.includes('used'));
  await end(child.process);
  const { files } = (await openStore(directory)).find(keyOf('image 0')) ?? { files: [] };
  writeFileSync(files[0]?.file ?? '', 'what a crash may leave of a file');
  const store = await openStore(directory);
  assert.equal(await store.use(keyOf('image 0'), 'web@1'), undefined);
});

test('after an end that was none, they are not', async (t) => {
  const directory = testFolder(t);
  const before = await openStore(directory);
  const { files } = await addImage(before, KEY, MB);
  await before.close();
  writeFileSync(files[0]?.file ?? '', 'changed behind its back');
  const store = await openStore(directory);
  assert.ok(await store.use(KEY, 'web@1'));
});

test('IP8, IPF9: under a random load by processes that are killed at random, the budget holds and nothing used goes', async (t) => {
  const directory = join(testFolder(t), 'images');
  mkdirSync(directory, { mode: 0o700 });
  const budget = 3.9 * MB;
  const workers = Array.from({ length: 3 }, () => loadProcess(directory, budget, 10));
  t.after(() => Promise.all(workers.map((worker) => end(worker.process))));
  const store = await openStore(directory, { budgetBytes: budget });
  const excesses: number[] = [];
  const lines = () => workers.flatMap((worker) => worker.lines);
  for (let kills = 0; kills < 8; kills++) {
    const asOfMs = Date.now();
    const alive = new Set(workers.filter(isAlive).map((worker) => worker.process.pid));
    const users = store.list().flatMap((image) => image.users);
    const known = users.filter((user) => alive.has(Number(user.split('@')[0])));
    await store.reconcileUses(new Set(known), asOfMs);
    const goal = lines().length + 12;
    await eventually('the load goes on', async () => {
      const used = await quietUsage(directory);
      if (used > budget) excesses.push(used);
      return lines().length >= goal;
    });
    const victim = workers.filter(isAlive)[kills % 3];
    if (victim) await end(victim.process);
    workers.push(loadProcess(directory, budget, 10));
  }
  const strange = lines().filter((line) => line !== 'used' && line !== 'full');
  assert.deepEqual(strange, []);
  assert.deepEqual(excesses, []);
  assert.ok(lines().filter((line) => line === 'used').length > 30);
  await Promise.all(workers.map((worker) => end(worker.process)));
  const after = await openStore(directory, { budgetBytes: budget });
  for (const { key } of after.list()) assert.equal(await after.recheck(key), true);
  assert.ok(diskUsage(directory) <= budget);
});

/** With the store's lock, as a file that is moved meanwhile would be counted twice. */
async function quietUsage(directory: string): Promise<number> {
  const lock = await FileLock.take(join(directory, 'lock'));
  try {
    return diskUsage(directory);
  } finally {
    lock.release();
  }
}

interface Load {
  readonly process: ChildProcess;
  readonly lines: string[];
}

function loadProcess(directory: string, budget: number, images: number): Load {
  const words = [program('image-store-load'), directory, String(budget), String(images), String(MB)];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const all = (rest + text).split('\n');
    rest = all.pop() ?? '';
    lines.push(...all);
  });
  return { process: child, lines };
}

const isAlive = ({ process: child }: Load): boolean => child.exitCode === null && child.signalCode === null;

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
