import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Definitions } from '../../activities/definitions.js';
import { collectImages, releaseUnused } from '../../worker/images.js';
import type { ReconcileServices } from '../../worker/reconcile.js';
import { workflowId } from '../../workflows/messages.js';
import { eventually } from '../kit/conditions.js';
import { quiet, Stack } from '../kit/stack.js';

const { signal } = new AbortController();
let stack: Stack;
let services: ReconcileServices;
let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reveille-origin-'));
  const file = join(folder, 'data');
  writeFileSync(file, randomBytes(50_000));
  const images = { data: { url: pathToFileURL(file).href } };
  const resource = { process: { command: ['unused'], images }, idle: { after: '10m' } };
  const top = { worker: { host: 'test-host' }, images: { keepFree: '0B', maxAge: '1ms' } };
  stack = await Stack.start({ one: resource, two: resource }, top);
  const { provider, resources, config } = stack;
  services = {
    definitions: new Definitions(config),
    providers: { process: provider },
    resources,
    images: stack.images,
    host: 'test-host',
    log: quiet,
  };
});
after(async () => {
  await stack.close();
  rmSync(folder, { recursive: true, force: true });
});

const users = async () => {
  const [image] = (await stack.images.store()).list();
  return image?.users.map((user) => user.replace(/@.*/, '')).sort();
};

test('IPF8: a use is released when its instance is gone and nobody owns it, and no earlier', async () => {
  for (const name of ['one', 'two']) await stack.resources.untilReady(name, signal);
  await releaseUnused(services, signal);
  assert.deepEqual(await users(), ['one', 'two']);

  // Its execution is ended by hand, and its instance runs on: somebody will adopt it.
  await stack.temporal.client.workflow.getHandle(workflowId('one')).terminate();
  await eventually('it has no execution', async () => (await stack.resources.openRun('one')) === undefined);
  await releaseUnused(services, signal);
  assert.deepEqual(await users(), ['one', 'two']);

  stack.provider.kill('one');
  await releaseUnused(services, signal);
  assert.deepEqual(await users(), ['two']);
});

test('IP16: housekeeping removes what is old and unused, and spares what an awake resource uses', async () => {
  await collectImages(services, signal);
  assert.deepEqual(await users(), ['two']);
  await stack.resources.stop('two');
  await stack.resources.untilAsleep('two', signal);
  await eventually('it is unused', async () => (await users())?.length === 0);
  await collectImages(services, signal);
  assert.equal(await users(), undefined);
});
