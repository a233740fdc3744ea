import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { RunTime } from '../../temporal/index.js';
import { eventually } from '../kit/conditions.js';
import { bootFailure } from '../kit/fake-provider.js';
import { Stack } from '../kit/stack.js';

/** Who waits for a place tells it after 10 s. */
const PATIENCE_MS = 90_000;
let stack: Stack;
let folder: string;
let isMended = false;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reveille-existence-'));
  const file = join(folder, 'data');
  writeFileSync(file, 'an image');
  const image = { url: pathToFileURL(file).href };
  const imaged = { process: { command: ['unused'], images: { disk: image } } };
  stack = await Stack.start(
    { fails: { backoff: { first: '300ms', max: '300ms' } }, imaged, first: {}, second: {} },
    { images: { keepFree: '0B' }, worker: { host: 'test-host' } },
  );
  stack.provider.beforeBoot = async ({ name }) => {
    if (name === 'fails' && !isMended) throw bootFailure('no such luck');
  };
});
after(async () => {
  await stack.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What is told of the open run, or of the last one that has closed, once it is as wanted. */
function told(name: string, isWanted: (run: RunTime) => boolean, closedSince?: number): Promise<RunTime> {
  const look = async () => {
    const which = closedSince === undefined ? {} : { closedSince };
    const runs = await stack.resources.runTimes({ ...which, limit: 100 });
    return runs.find((run) => run.name === name && isWanted(run));
  };
  return eventually(`it is told of ${name}`, look, PATIENCE_MS);
}
const isReady = (name: string) =>
  eventually(`${name} is ready`, async () => (await stack.resources.ready(name))?.ready === true);
const wake = (name: string) => stack.resources.wake(name, { reason: 'a test' });

test('a run whose boot has failed has no instance until the next one, and then since that began', async () => {
  await wake('fails');
  const paused = await told('fails', ({ existence }) => existence !== undefined);
  assert.equal(paused.existence?.since, undefined);
  const status = await eventually('it has failed', () => stack.resources.status('fails'));
  isMended = true;
  await eventually('the backoff is over', async () => {
    await wake('fails');
    return (await stack.resources.ready('fails'))?.phase !== 'failed';
  });
  await isReady('fails');
  const again = await told('fails', ({ existence }) => existence?.since !== undefined);
  assert.ok((again.existence?.since ?? 0) >= status.since);
  assert.ok((again.existence?.before ?? -1) >= (paused.existence?.before ?? 0));
  await stack.resources.stop('fails');
  const ended = await told('fails', ({ runId }) => runId === again.runId, again.start);
  assert.deepEqual(ended.existence, again.existence, 'to the end of the run');
});

test('the time in which images are fetched has no instance', async () => {
  await wake('imaged');
  await isReady('imaged');
  const { start, existence } = await told('imaged', (run) => run.existence?.since !== undefined);
  assert.equal(existence?.before, 0);
  assert.ok((existence.since ?? 0) > start);
});

test('who waits long for a place among those of a quota has no instance', async () => {
  stack.reloadTop({ quotas: { process: { awake: 1 } } });
  await wake('first');
  await isReady('first');
  await wake('second');
  const { existence } = await told('second', (run) => run.existence !== undefined);
  assert.deepEqual(existence, { before: 0 });
  await stack.resources.stop('second');
  const first = await told('first', () => true);
  assert.equal(
    first.existence,
    undefined,
    'one that waits for nothing tells nothing, and has one all the time',
  );
});

test('all of it is done again as it was', async () => {
  for (const name of ['imaged', 'first']) await stack.resources.stop(name);
  await eventually('all are asleep', async () => (await stack.resources.list()).length === 0);
  assert.ok((await stack.replayAll()) >= 4);
});
