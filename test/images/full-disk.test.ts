import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { DEFAULT_UNPACK_LIMITS, unpack } from '../../activities/images/unpack/index.js';
import { needs } from '../kit/engines.js';
import { addImage, diskUsage, keyOf, MB, NEVER, openStore } from '../kit/image-store.js';
import { TestContextOfImages } from '../kit/unpack.js';

const NO_SPACE = { code: 'IMAGE_NO_SPACE' };
const DISK = 8 * MB;

/** Mounting wants root. */
const needsMount = (): { skip: string | false } =>
  process.getuid?.() === 0 ? needs('mount') : { skip: 'engine absent: mount needs root' };

/** A disk of the test's own. */
function smallDisk(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK},mode=700`, 'reveille-test', folder]);
  t.after(() => {
    execFileSync('umount', ['-l', folder]);
    rmdirSync(folder);
  });
  return folder;
}

test(
  'a full disk is named while an image is unpacked, and what was unpacked is removed',
  needsMount(),
  async (t) => {
    const disk = smallDisk(t);
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
    const folder = join(smallDisk(t), 'images');
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
    const disk = smallDisk(t);
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
