import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { DEFAULT_UNPACK_LIMITS, unpack } from '../../activities/images/unpack/index.js';
import { addImage, diskUsage, keyOf, MB, NEVER, openStore } from '../kit/image-store.js';
import { needsMount, smallDisk } from '../kit/small-disk.js';
import { TestContextOfImages } from '../kit/unpack.js';

const NO_SPACE = { code: 'IMAGE_NO_SPACE' };
const DISK = 8 * MB;

test(
  'a full disk is named while an image is unpacked, and what was unpacked is removed',
  needsMount(),
  async (t) => {
    const disk = smallDisk(t, DISK);
    const part = join(disk, 'part');
    const into = join(disk, 'into');
    mkdirSync(into);
    writeFileSync(part, gzipSync(randomBytes(5 * MB)));
    const options = {
      type: 'raw',
      compression: 'auto',
      into,
      name: 'image',
      limits: DEFAULT_UNPACK_LIMITS,
    } as const;
    const unpacking = unpack(part, { ...options, context: new TestContextOfImages() });
    await assert.rejects(unpacking, { ...NO_SPACE, message: /disk is full/ });
    assert.deepEqual(readdirSync(into), []);
  },
);

test(
  'IP8: room is made on a disk that is smaller than the budget, and asked for before it is full',
  needsMount(),
  async (t) => {
    const folder = join(smallDisk(t, DISK), 'images');
    const store = await openStore(folder, { budgetBytes: 100 * MB });
    for (const name of ['a', 'b', 'c']) await addImage(store, keyOf(name), 3 * MB);
    assert.equal(store.find(keyOf('a')), undefined);
    await addImage(store, keyOf('b2'), MB, ['web@1']);
    await assert.rejects(addImage(store, keyOf('d'), 7 * MB), { ...NO_SPACE, message: /used by web@1/ });
  },
);

test(
  'IP8: images that nobody uses can be removed from a disk that others have filled',
  needsMount(),
  async (t) => {
    const disk = smallDisk(t, DISK);
    const folder = join(disk, 'images');
    const store = await openStore(folder);
    await addImage(store, keyOf('a'), MB);
    await store.setRegistration(keyOf('a'), 'site', 'emi-1');
    const filler = join(disk, 'of others');
    assert.throws(() => writeFileSync(filler, Buffer.alloc(DISK, 'x')), { code: 'ENOSPC' });
    await assert.rejects(store.use(keyOf('a'), 'web@1'), NO_SPACE);
    await store.collect({ keepFreeBytes: MB }, NEVER);
    assert.equal(store.find(keyOf('a')), undefined);
    assert.ok(diskUsage(folder) < 100_000);
    rmSync(filler);
    await addImage(store, keyOf('a'), MB);
  },
);
