import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { addImage, keyOf, MB, NEVER, openStore, testFolder } from '../kit/image-store.js';

const KEY = keyOf('a');
const IN_USE = { code: 'IMAGE_IN_USE' };

test('IPF8: an image stays in use until its last user has released it', async (t) => {
  const store = await openStore(testFolder(t));
  await addImage(store, KEY, MB, ['web@1']);
  await store.use(KEY, 'web@2');
  await store.use(KEY, 'web@2');
  await store.release(KEY, 'web@1');
  await store.release(KEY, 'web@1');
  await assert.rejects(store.remove(KEY, NEVER), IN_USE);
  await store.release(KEY, 'web@2');
  await store.remove(KEY, NEVER);
  assert.equal(store.find(KEY), undefined);
});

test('IPF8: what a reconciliation does not know is released, unless it came after it began to look', async (t) => {
  const store = await openStore(testFolder(t));
  await addImage(store, KEY, MB, ['gone@1', 'running@1']);
  const asOfMs = Date.now() + 1;
  while (Date.now() <= asOfMs) await store.use(KEY, 'late@1');
  await store.reconcileUses(new Set(['running@1']), asOfMs);
  assert.deepEqual(store.find(KEY)?.users, ['running@1', 'late@1']);
});

test('IPF8: what a process uses in passing is released when it has ended, and no earlier', async (t) => {
  const folder = testFolder(t);
  const [store, another] = [await openStore(folder), await openStore(folder)];
  await addImage(store, KEY, MB, [another.passingUser()]);
  await store.reconcileUses(new Set(), Date.now() + 1000);
  await assert.rejects(store.remove(KEY, NEVER), IN_USE);
  await another.close();
  await store.reconcileUses(new Set(), Date.now() + 1000);
  await store.remove(KEY, NEVER);
});

test('a place with a long name costs nobody the image’s state', async (t) => {
  const store = await openStore(testFolder(t));
  await addImage(store, KEY, MB, ['web@1']);
  const place = `docker:unix:///${'folder/'.repeat(14)}docker.sock registry.example.org/${'name/'.repeat(40)}app:1`;
  await store.setRegistration(KEY, place, 'sha256:1');
  assert.deepEqual(store.find(KEY)?.users, ['web@1']);
  assert.equal(store.find(KEY)?.registrations[0]?.place, place);
});

test('IPF8: an image whose state cannot be read is spared', async (t) => {
  const folder = testFolder(t);
  const store = await openStore(folder);
  await addImage(store, KEY, MB, ['web@1']);
  writeFileSync(join(folder, 'state', `${KEY}.json`), '{"version":1,"uses":[');
  await store.reconcileUses(new Set(), Date.now() + 1000);
  await assert.rejects(store.remove(KEY, NEVER), IN_USE);
  await store.removeAll(NEVER);
  assert.ok(store.find(KEY));
});

test('who uses an image that is not there is told so, and holds nothing', async (t) => {
  const store = await openStore(testFolder(t));
  assert.equal(await store.use(KEY, 'web@1'), undefined);
  await addImage(store, KEY, MB);
  assert.deepEqual(store.find(KEY)?.users, []);
});
