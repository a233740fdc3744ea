import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { addImage, diskUsage, keyOf, MB, NEVER, openStore, testFolder } from '../kit/image-store.js';

const [A, B, C, D] = ['a', 'b', 'c', 'd'].map(keyOf) as [string, string, string, string];
/** Room for three images of 1 MB, and not for four. */
const THREE = 3.9 * MB;
const NO_SPACE = { code: 'IMAGE_NO_SPACE' };

test('IP8: room is made by what was used longest ago', async (t) => {
  const folder = testFolder(t);
  const store = await openStore(folder, { budgetBytes: THREE });
  for (const key of [A, B, C]) await addImage(store, key, MB);
  await store.use(A, 'web@1');
  await store.release(A, 'web@1');
  await addImage(store, D, MB);
  assert.deepEqual(new Set(store.list().map(({ key }) => key)), new Set([A, C, D]));
  assert.ok(diskUsage(folder) <= THREE);
});

test('IP8, IPF9: room is never made by what is in use or being fetched', async (t) => {
  const folder = testFolder(t);
  const store = await openStore(folder, { budgetBytes: THREE });
  await addImage(store, A, MB, ['web@1']);
  const fetching = await store.begin(B);
  await fetching?.reserve(MB);
  await addImage(store, C, MB);
  await addImage(store, D, MB, ['web@2']);
  assert.equal(store.find(C), undefined);
  await assert.rejects(addImage(store, C, MB), NO_SPACE);
  assert.deepEqual(
    store.list().map(({ key }) => key),
    [D, A],
  );
  assert.ok(existsSync(join(folder, 'drafts', B)));
});

test('IP9: insufficient storage names who holds what', async (t) => {
  const store = await openStore(testFolder(t), { budgetBytes: THREE });
  await addImage(store, A, MB, ['web@1', 'kept:web']);
  const fetching = await store.begin(B);
  await fetching?.reserve(2 * MB);
  const draft = await store.begin(C);
  await assert.rejects(draft?.reserve(MB) ?? Promise.resolve(), {
    ...NO_SPACE,
    message: new RegExp(
      `Insufficient storage: ${C.slice(0, 12)} needs 1.0 MB; the budget is 3.9 MB.*` +
        `${B.slice(0, 12)} 2.0 MB being fetched.*${A.slice(0, 12)} 1.0 MB used by web@1, kept:web`,
    ),
  });
});

test('nothing is thrown away for what can never fit', async (t) => {
  const store = await openStore(testFolder(t), { budgetBytes: THREE });
  for (const key of [A, B]) await addImage(store, key, MB);
  await assert.rejects(addImage(store, C, 4 * MB), NO_SPACE);
  assert.equal(store.list().length, 2);
});

test('IP8: a reservation grows as the length becomes known, and two pieces of work add up', async (t) => {
  const store = await openStore(testFolder(t), { budgetBytes: THREE });
  const draft = await store.begin(A);
  assert.ok(draft);
  const [fetching, unpacking] = [draft.context(NEVER, () => {}), draft.context(NEVER, () => {})];
  await fetching.reserve(MB);
  await fetching.reserve(1.5 * MB);
  await unpacking.reserve(1.5 * MB);
  await assert.rejects(unpacking.reserve(2.5 * MB), NO_SPACE);
  fetching.done();
  await unpacking.reserve(2.5 * MB);
});

test('IP8: what was refused is not granted when it is asked for again', async (t) => {
  const store = await openStore(testFolder(t), { budgetBytes: THREE });
  const draft = await store.begin(A);
  const context = draft?.context(NEVER, () => {});
  assert.ok(draft && context);
  for (let time = 0; time < 2; time++) await assert.rejects(context.reserve(5 * MB), NO_SPACE);
  await context.reserve(3 * MB);
  await assert.rejects(addImage(store, B, MB), NO_SPACE);
});

test('IP8: pieces of work that ask at the same time are granted the sum of it', async (t) => {
  const store = await openStore(testFolder(t), { budgetBytes: THREE });
  const draft = await store.begin(A);
  assert.ok(draft);
  await Promise.all([1, 2, 3].map(() => draft.context(NEVER, () => {}).reserve(MB)));
  const [share] = (await store.usage()).drafts;
  assert.ok((share?.bytes ?? 0) >= 3 * MB);
});

test('IP11: what a process had set aside is not the next one’s before it asks', async (t) => {
  const store = await openStore(testFolder(t), { budgetBytes: THREE });
  const draft = await store.begin(A);
  await draft?.reserve(3 * MB);
  draft?.leave();
  for (const key of [B, C]) await addImage(store, key, MB, ['web@1']);
  const next = await store.begin(A);
  assert.ok(next);
  assert.ok(((await store.usage()).drafts[0]?.bytes ?? 0) < MB);
  await assert.rejects(next.reserve(3 * MB), NO_SPACE);
});

test('IP11: partial work that nobody goes on with makes room, too', async (t) => {
  const folder = testFolder(t);
  const store = await openStore(folder, { budgetBytes: THREE });
  const draft = await store.begin(A);
  assert.ok(draft);
  await draft.reserve(2 * MB);
  writeFileSync(join(draft.work, 'part'), Buffer.alloc(2 * MB, 'x'));
  draft.leave();
  await addImage(store, B, MB);
  assert.ok(existsSync(join(folder, 'drafts', A)));
  await addImage(store, C, MB);
  assert.equal(existsSync(join(folder, 'drafts', A)), false);
});

test('what a sparse file takes up counts, not its length', async (t) => {
  const store = await openStore(testFolder(t), { budgetBytes: THREE });
  const draft = await store.begin(A);
  assert.ok(draft);
  writeFileSync(join(draft.files, 'disk'), 'x');
  truncateSync(join(draft.files, 'disk'), 1000 * MB);
  const files = [{ path: 'disk', type: 'raw', sha256: 'f'.repeat(64) }] as const;
  const image = await draft.commit({ type: 'raw', digests: {}, files });
  assert.equal(image.files[0]?.bytes, 1000 * MB);
  assert.ok(image.bytes < MB);
});

test('bytes that nobody asked room for count before they become an image', async (t) => {
  const store = await openStore(testFolder(t), { budgetBytes: THREE });
  await addImage(store, A, MB, ['web@1']);
  const draft = await store.begin(B);
  assert.ok(draft);
  writeFileSync(join(draft.files, 'disk'), Buffer.alloc(4 * MB, 'x'));
  const facts = { type: 'raw', digests: {}, files: [{ path: 'disk', type: 'raw' }] } as const;
  await assert.rejects(draft.commit(facts), NO_SPACE);
  await draft.discard();
  assert.equal(store.find(B), undefined);
});

test('IP9: an image is deregistered before its bytes go', async (t) => {
  const folder = testFolder(t);
  const seen: unknown[] = [];
  const store = await openStore(folder, {
    budgetBytes: THREE,
    deregister: async ({ key, registrations, files }) => {
      seen.push([
        key,
        registrations.map(({ place, id }) => `${place}: ${id}`),
        existsSync(files?.[0]?.file ?? ''),
      ]);
    },
  });
  for (const key of [A, B, C]) await addImage(store, key, MB);
  await store.setRegistration(A, 'docker', 'sha256:1');
  await store.setRegistration(A, 'site', 'old');
  await store.setRegistration(A, 'site', 'emi-1');
  await addImage(store, D, MB);
  assert.deepEqual(seen, [[A, ['docker: sha256:1', 'site: emi-1'], true]]);
  assert.equal(store.find(A), undefined);
  assert.equal(existsSync(join(folder, 'state', `${A}.json`)), false);
});

test('an image that its place does not let go is kept, and another goes', async (t) => {
  const store = await openStore(testFolder(t), {
    budgetBytes: THREE,
    deregister: async ({ key }) => {
      if (key === A) throw new Error('still in use there');
    },
  });
  for (const key of [A, B, C]) await addImage(store, key, MB);
  await addImage(store, D, MB);
  assert.deepEqual(new Set(store.list().map(({ key }) => key)), new Set([A, C, D]));
  assert.ok(await store.use(A, 'web@1'));
});

test('who needs room waits for what another is removing', async (t) => {
  const folder = testFolder(t);
  let end = () => {};
  let begun = false;
  const one = await openStore(folder, {
    budgetBytes: THREE,
    deregister: () =>
      new Promise((resolve) => {
        begun = true;
        end = resolve;
      }),
  });
  const other = await openStore(folder, { budgetBytes: THREE });
  await addImage(one, A, 3 * MB);
  const removing = one.remove(A, NEVER);
  await eventually('it is being removed', () => begun);
  const adding = addImage(other, B, 3 * MB);
  adding.catch(() => {});
  const { ino } = statSync(join(folder, 'locks', A));
  // proc(5): who waits for a lock has an arrow.
  const waiting = new RegExp(`-> FLOCK .*:${ino} `);
  await eventually('the other waits', () => waiting.test(readFileSync('/proc/locks', 'utf8')));
  end();
  await removing;
  assert.equal((await adding).key, B);
});

test('who would use an image while it is deregistered waits, and finds it gone, or kept', async (t) => {
  for (const isKept of [false, true]) {
    let end = () => {};
    let begun = false;
    const store = await openStore(testFolder(t), {
      deregister: () =>
        new Promise((resolve, reject) => {
          begun = true;
          end = isKept ? () => reject(new Error('not now')) : resolve;
        }),
    });
    await addImage(store, A, MB);
    const removing = store.remove(A, NEVER).catch(() => {});
    await eventually('it is being deregistered', () => begun);
    let isUsed = false;
    const using = store.use(A, 'web@1').finally(() => {
      isUsed = true;
    });
    await store.use(B, 'somebody else is not kept waiting');
    assert.equal(isUsed, false);
    end();
    await removing;
    assert.equal((await using)?.key, isKept ? A : undefined);
  }
});

test('IP16: what is older than its time goes, but what is in use', async (t) => {
  const store = await openStore(testFolder(t));
  await addImage(store, A, MB);
  await addImage(store, B, MB, ['web@1']);
  const draft = await store.begin(C);
  draft?.leave();
  await store.collect({ maxAgeMs: 3_600_000, maxDraftAgeMs: 3_600_000, keepFreeBytes: 0 }, NEVER);
  assert.equal(store.list().length, 2);
  const { removed } = await store.collect({ maxAgeMs: -1, maxDraftAgeMs: -1, keepFreeBytes: 0 }, NEVER);
  assert.equal(removed.length, 2);
  assert.deepEqual(
    store.list().map(({ key }) => key),
    [B],
  );
  assert.deepEqual((await store.usage()).drafts, []);
});

test('IP17: while the disk has too little left, what was used longest ago goes, but what is in use', async (t) => {
  const folder = testFolder(t);
  const order: string[] = [];
  const store = await openStore(folder, { deregister: async ({ key }) => void order.push(key) });
  for (const key of [A, B, C]) await addImage(store, key, MB);
  await store.use(B, 'web@1');
  await store.collect({ keepFreeBytes: Number.MAX_SAFE_INTEGER }, NEVER);
  assert.deepEqual(order, [A, C]);
  assert.deepEqual(readdirSync(join(folder, 'images')), [B]);
});
