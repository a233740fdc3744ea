import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { DEFAULT_UNPACK_LIMITS } from '../../activities/images/unpack/index.js';
import { needs } from '../kit/engines.js';
import { PACKERS, packed, sparseBytes, Unpacking } from '../kit/unpack.js';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const allocated = (file: string) => statSync(file).blocks * 512;

for (const program of PACKERS) {
  test(
    `IP4: a disk in ${program} is unpacked, known by its first bytes, and its zeros are holes`,
    needs(program),
    async (t) => {
      const unpacking = new Unpacking(t);
      const bytes = sparseBytes();
      const result = await unpacking.run(packed(program, bytes), { type: 'raw' });
      assert.deepEqual(result, { path: 'image', type: 'raw', sha256: sha256(bytes) });
      assert.ok(unpacking.result.equals(bytes));
      assert.ok(allocated(unpacking.file) < 200_000, `${allocated(unpacking.file)} bytes on the disk`);
      assert.ok(unpacking.context.reserved >= allocated(unpacking.file));
    },
  );

  test(`IPF6: ${program} data that is cut off is named, and leaves nothing`, needs(program), async (t) => {
    const unpacking = new Unpacking(t);
    const bytes = packed(program, randomBytes(3_000_000));
    await assert.rejects(unpacking.run(bytes.subarray(0, 1_500_000), { type: 'raw' }), {
      code: 'IMAGE_ARCHIVE_INVALID',
      message: /cut off/,
    });
    assert.deepEqual(unpacking.left, []);
  });

  test(`a bomb in ${program} stops at its bound, and leaves nothing`, needs(program), async (t) => {
    const unpacking = new Unpacking(t);
    const bomb = packed(program, Buffer.alloc(64 << 20, 'bomb'));
    const tooLarge = { code: 'IMAGE_UNPACKS_TOO_LARGE' };
    const limits = { ...DEFAULT_UNPACK_LIMITS, maxRatio: 50 };
    await assert.rejects(unpacking.run(bomb, { type: 'raw', limits }), tooLarge);
    const bound = { ...DEFAULT_UNPACK_LIMITS, maxBytes: 1 << 20, maxRatio: Number.POSITIVE_INFINITY };
    await assert.rejects(unpacking.run(bomb, { type: 'raw', limits: bound }), tooLarge);
    assert.ok(unpacking.context.reserved < 40 << 20);
    assert.deepEqual(unpacking.left, []);
  });
}

test('zeros without end stop at the bound of the length, though they take up nothing', async (t) => {
  const unpacking = new Unpacking(t);
  const limits = { ...DEFAULT_UNPACK_LIMITS, maxBytes: 1 << 20 };
  await assert.rejects(unpacking.run(gzipSync(Buffer.alloc(16 << 20)), { type: 'raw', limits }), {
    code: 'IMAGE_UNPACKS_TOO_LARGE',
  });
  assert.deepEqual(unpacking.left, []);
});

test('gzip data that is damaged is named', async (t) => {
  const unpacking = new Unpacking(t);
  const bytes = gzipSync(randomBytes(1_000_000));
  bytes.fill(7, 400_000, 500_000);
  await assert.rejects(unpacking.run(bytes, { type: 'raw' }), {
    code: 'IMAGE_ARCHIVE_INVALID',
    message: /damaged/,
  });
});

test('gzip data in several members is unpacked as one', async (t) => {
  const unpacking = new Unpacking(t);
  await unpacking.run(Buffer.concat([gzipSync('one, '), gzipSync('two')]), { type: 'raw' });
  assert.equal(unpacking.result.toString(), 'one, two');
});

test('IP4: a ramdisk that the kernel unpacks itself is kept as it is, unless told otherwise', async (t) => {
  const unpacking = new Unpacking(t);
  const cpio = Buffer.from('070701 and so on');
  const bytes = gzipSync(cpio);
  await unpacking.run(bytes, { type: 'ramdisk' });
  assert.ok(unpacking.result.equals(bytes));
  await unpacking.run(bytes, { type: 'ramdisk', compression: 'gzip', name: 'other' });
  assert.deepEqual(unpacking.left, ['image', 'other']);
});

test('a raw disk that is not compressed takes up no second copy, and its zeros become holes', async (t) => {
  const unpacking = new Unpacking(t);
  const bytes = sparseBytes();
  const result = await unpacking.run(bytes, { type: 'raw', sha256: sha256(bytes) });
  assert.equal(result.sha256, sha256(bytes));
  assert.ok(unpacking.result.equals(bytes));
  assert.ok(allocated(unpacking.file) < 200_000);
  assert.equal(unpacking.context.reserved, 0);
});

test('an unpacking that is called off leaves nothing', async (t) => {
  const unpacking = new Unpacking(t);
  unpacking.context.progress = () => unpacking.context.abort.abort(new Error('called off'));
  await assert.rejects(unpacking.run(gzipSync(randomBytes(1_000_000)), { type: 'raw' }), /called off/);
  assert.deepEqual(unpacking.left, []);
});

test('room is asked for before it is written to, and what is refused leaves nothing', async (t) => {
  const unpacking = new Unpacking(t);
  unpacking.context.reserve = async () => {
    throw new Error('no room');
  };
  await assert.rejects(unpacking.run(gzipSync(randomBytes(1_000_000)), { type: 'raw' }), /no room/);
  assert.deepEqual(unpacking.left, []);
});
