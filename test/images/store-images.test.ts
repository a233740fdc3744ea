import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { addImage, keyOf, MB, NEVER, openStore, testFolder } from '../kit/image-store.js';

const KEY = keyOf('a');

test('IPF6: an image is absent until it is committed, and complete from then on', async (t) => {
  const folder = join(testFolder(t), 'images');
  const store = await openStore(folder);
  const draft = await store.begin(KEY);
  assert.ok(draft);
  writeFileSync(join(draft.work, 'part'), 'half');
  writeFileSync(join(draft.files, 'kernel'), 'the kernel');
  writeFileSync(join(draft.files, 'litter'), 'not named');
  assert.equal(store.find(KEY), undefined);
  await draft.commit({
    type: 'kernel',
    digests: { sha256: KEY },
    guid: 'site-kernel',
    url: 'https://user:secret@example.org/kernel.gz?token=secret',
    files: [{ path: 'kernel', type: 'kernel' }],
  });
  const image = store.find(KEY);
  assert.equal(readFileSync(image?.files[0]?.file ?? '', 'utf8'), 'the kernel');
  assert.equal(image?.guid, 'site-kernel');
  assert.equal(image?.url, 'https://example.org/kernel.gz');
  assert.deepEqual(image?.digests, { sha256: KEY });
  assert.deepEqual(readdirSync(join(folder, 'images', KEY)).sort(), ['files', 'manifest.json']);
  assert.deepEqual(readdirSync(join(folder, 'images', KEY, 'files')), ['kernel']);
  assert.deepEqual(readdirSync(join(folder, 'drafts')), []);
});

test('IP6: who begins while another fetches waits, and finds the image that came of it', async (t) => {
  const folder = testFolder(t);
  const [one, other] = [await openStore(folder), await openStore(folder)];
  const draft = await one.begin(KEY);
  const waiting = other.begin(KEY);
  assert.ok(draft);
  writeFileSync(join(draft.files, 'disk'), 'bytes');
  await draft.commit({ type: 'raw', digests: {}, files: [{ path: 'disk', type: 'raw' }] });
  assert.equal(await waiting, undefined);
  assert.equal(other.find(KEY)?.files[0]?.bytes, 5);
});

test('IP7, IP11: who begins while another fetches takes over what that one leaves', async (t) => {
  const folder = testFolder(t);
  const [one, other] = [await openStore(folder), await openStore(folder)];
  const draft = await one.begin(KEY);
  const waiting = other.begin(KEY);
  assert.ok(draft);
  writeFileSync(join(draft.work, 'part'), 'half');
  writeFileSync(join(draft.files, 'unpacked'), 'half done');
  draft.leave();
  const taken = await waiting;
  assert.ok(taken);
  assert.equal(readFileSync(join(taken.work, 'part'), 'utf8'), 'half');
  assert.deepEqual(readdirSync(taken.files), []);
});

test('who waits for a draft of another can be called off', async (t) => {
  const folder = testFolder(t);
  const [one, other] = [await openStore(folder), await openStore(folder)];
  const draft = await one.begin(KEY);
  const abort = new AbortController();
  const waiting = other.begin(KEY, abort.signal);
  abort.abort(new Error('called off'));
  await assert.rejects(waiting, /called off/);
  await draft?.discard();
  assert.ok(await other.begin(KEY));
});

test('a discarded draft leaves nothing', async (t) => {
  const folder = testFolder(t);
  const store = await openStore(folder);
  const draft = await store.begin(KEY);
  assert.ok(draft);
  await draft.reserve(MB);
  writeFileSync(join(draft.work, 'part'), 'half');
  await draft.discard();
  for (const part of ['drafts', 'images', 'state', 'locks', 'aside']) {
    assert.deepEqual(readdirSync(join(folder, part)), [], part);
  }
});

test('IP14: partial work lies on the disk of the store, in its own folder, for nobody else to read', async (t) => {
  const folder = join(testFolder(t), 'images');
  const store = await openStore(folder);
  const draft = await store.begin(KEY);
  assert.ok(draft);
  for (const part of [draft.work, draft.files]) {
    assert.ok(part.startsWith(`${folder}/`));
    assert.equal(statSync(part).mode & 0o077, 0);
  }
  assert.equal(statSync(folder).mode & 0o077, 0);
});

test('IPF7: a stored file that changed is found, the image removed, and its users kept for the next fetch', async (t) => {
  const store = await openStore(testFolder(t));
  const { files } = await addImage(store, KEY, MB, ['web@1']);
  assert.equal(await store.recheck(KEY), true);
  writeFileSync(files[0]?.file ?? '', 'something else');
  assert.equal(await store.recheck(KEY), false);
  assert.equal(store.find(KEY), undefined);
  await addImage(store, KEY, MB);
  assert.deepEqual(store.find(KEY)?.users, ['web@1']);
});

test('IPF7: what a place has of it stays known while somebody counts on it, though a new fetch is given up', async (t) => {
  const asked: string[] = [];
  const store = await openStore(testFolder(t), { deregister: async ({ key }) => void asked.push(key) });
  const { files } = await addImage(store, KEY, MB, ['web@1']);
  await store.setRegistration(KEY, 'site', 'emi-1');
  writeFileSync(files[0]?.file ?? '', 'something else');
  assert.equal(await store.recheck(KEY), false);
  (await store.begin(KEY))?.leave();
  await store.remove(KEY, NEVER);
  assert.deepEqual(asked, []);
  await addImage(store, KEY, MB);
  assert.deepEqual(
    store.find(KEY)?.registrations.map(({ id }) => id),
    ['emi-1'],
  );
});

test('IPF7: files are read again before a use when the last check is too old', async (t) => {
  const store = await openStore(testFolder(t), { recheckAfterMs: -1 });
  const { files } = await addImage(store, KEY, MB);
  assert.ok(await store.use(KEY, 'web@1'));
  writeFileSync(files[0]?.file ?? '', 'something else');
  assert.equal(await store.use(KEY, 'web@2'), undefined);
});

test('IPF7: images whose check is too old are looked at before anybody uses them', async (t) => {
  const store = await openStore(testFolder(t), { recheckAfterMs: -1 });
  const [sound, changed] = [keyOf('sound'), keyOf('changed')];
  await addImage(store, sound, MB);
  const { files } = await addImage(store, changed, MB);
  writeFileSync(files[0]?.file ?? '', 'something else');
  await store.recheckDue({});
  assert.deepEqual(
    store.list().map(({ key }) => key),
    [sound],
  );
});

test('an image that is in use is not looked at meanwhile, nor removed from under who uses it', async (t) => {
  const store = await openStore(testFolder(t), { recheckAfterMs: -1 });
  const { files } = await addImage(store, KEY, MB, ['web@1']);
  writeFileSync(files[0]?.file ?? '', 'what the program wrote');
  await store.recheckDue({});
  assert.equal(readFileSync(files[0]?.file ?? '', 'utf8'), 'what the program wrote');
  await store.release(KEY, 'web@1');
  await store.recheckDue({});
  assert.equal(store.find(KEY), undefined);
});

test('an extracted folder is checked as a whole', async (t) => {
  const store = await openStore(testFolder(t));
  const draft = await store.begin(KEY);
  assert.ok(draft);
  mkdirSync(join(draft.files, 'root', 'etc'), { recursive: true });
  writeFileSync(join(draft.files, 'root', 'etc', 'passwd'), 'root');
  symlinkSync('passwd', join(draft.files, 'root', 'etc', 'shadow'));
  const files = [{ path: 'root', type: 'filesystem' as const }];
  const image = await draft.commit({ type: 'filesystem', digests: {}, files });
  assert.equal(await store.recheck(KEY), true);
  symlinkSync('passwd', join(image.files[0]?.file ?? '', 'etc', 'group'));
  assert.equal(await store.recheck(KEY), false);
});

test('a folder that cannot be understood is removed when a store is opened, one in use is kept', async (t) => {
  const folder = testFolder(t);
  const store = await openStore(folder);
  const [broken, used] = [keyOf('broken'), keyOf('used')];
  await addImage(store, broken, MB);
  await addImage(store, used, MB, ['web@1']);
  for (const key of [broken, used])
    writeFileSync(join(folder, 'images', key, 'manifest.json'), '{"version":2');
  mkdirSync(join(folder, 'images', 'no key'));
  const after = await openStore(folder);
  assert.deepEqual(readdirSync(join(folder, 'images')), [used]);
  await addImage(after, used, MB);
  assert.deepEqual(after.find(used)?.users, ['web@1']);
});

test('a store takes no folder that leads elsewhere, that others write to, or that holds other things', async (t) => {
  const folder = testFolder(t);
  mkdirSync(join(folder, 'real'));
  symlinkSync('real', join(folder, 'link'));
  mkdirSync(join(folder, 'home'));
  writeFileSync(join(folder, 'home', 'letter'), 'mine');
  mkdirSync(join(folder, 'open'), { mode: 0o700 });
  chmodSync(join(folder, 'open'), 0o777);
  for (const name of ['link', 'home', 'open', 'home/letter', 'home/letter/images']) {
    await assert.rejects(openStore(join(folder, name)), { code: 'IMAGE_STORE_UNUSABLE' }, name);
  }
  assert.equal(existsSync(join(folder, 'home', 'letter')), true);
});

test('a key that is no digest is refused', async (t) => {
  const store = await openStore(testFolder(t));
  await assert.rejects(store.begin('../../etc'), { code: 'IMAGE_STORE_UNUSABLE' });
  assert.throws(() => store.find('..'), { code: 'IMAGE_STORE_UNUSABLE' });
});

test('IP17: everything can be removed, but what is in use', async (t) => {
  const store = await openStore(testFolder(t));
  await addImage(store, keyOf('a'), MB);
  await addImage(store, keyOf('b'), MB, ['web@1']);
  const { removed } = await store.removeAll(NEVER);
  assert.equal(removed.length, 1);
  assert.deepEqual(
    store.list().map(({ key }) => key),
    [keyOf('b')],
  );
  await assert.rejects(store.remove(keyOf('b'), NEVER), { code: 'IMAGE_IN_USE', message: /web@1/ });
});
