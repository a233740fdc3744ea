import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { convert, DEFAULT_UNPACK_LIMITS, unpackImage } from '../../activities/images/unpack/index.js';
import { engine, needs } from '../kit/engines.js';
import { testFolder } from '../kit/image-store.js';
import { sparseBytes, TestContextOfImages, Unpacking } from '../kit/unpack.js';

const MISMATCH = { code: 'IMAGE_TYPE_MISMATCH' };
const QCOW2 = { type: 'qcow2' } as const;

const qemuImg = (...words: string[]) => execFileSync(engine('qemu-img'), words, { encoding: 'utf8' });

test('IP4: a qcow2 disk is known by its header', needs('qemu-img'), async (t) => {
  const unpacking = new Unpacking(t);
  const disk = join(unpacking.folder, 'disk');
  qemuImg('create', '-f', 'qcow2', disk, '10M');
  await unpacking.run(gzipSync(readFileSync(disk)), QCOW2);
  assert.deepEqual(unpacking.left, ['image']);
  await assert.rejects(unpacking.run(readFileSync(disk), { type: 'raw', name: 'raw' }), MISMATCH);
  await assert.rejects(unpacking.run(Buffer.alloc(4096, 'x'), { ...QCOW2, name: 'other' }), MISMATCH);
  assert.deepEqual(unpacking.left, ['image']);
});

test(
  'a qcow2 disk that names a backing file or a data file of the host is refused',
  needs('qemu-img'),
  async (t) => {
    const unpacking = new Unpacking(t);
    const [backed, external] = ['backed', 'external'].map((name) => join(unpacking.folder, name));
    assert.ok(backed && external);
    qemuImg('create', '-f', 'qcow2', '-u', '-b', '/etc/passwd', '-F', 'raw', backed, '10M');
    qemuImg('create', '-f', 'qcow2', '-o', `data_file=${external}.data`, external, '10M');
    await assert.rejects(unpacking.run(readFileSync(backed), QCOW2), {
      ...MISMATCH,
      message: /backing file/,
    });
    await assert.rejects(unpacking.run(readFileSync(external), QCOW2), { ...MISMATCH, message: /data file/ });
    await assert.rejects(unpacking.run(gzipSync(readFileSync(backed)), QCOW2), MISMATCH);
    assert.deepEqual(unpacking.left, []);
  },
);

test('a page that a server sent instead of a kernel or a ramdisk is refused', async (t) => {
  const unpacking = new Unpacking(t);
  const page = Buffer.from('<!doctype html><title>Not found</title>');
  for (const type of ['kernel', 'ramdisk'] as const)
    await assert.rejects(unpacking.run(page, { type }), MISMATCH);
  await assert.rejects(unpacking.run(Buffer.alloc(0), { type: 'raw' }), { code: 'IMAGE_ARCHIVE_INVALID' });
  assert.deepEqual(unpacking.left, []);
});

test(
  'IP4: a disk is made one of the format that is wanted, and stays sparse',
  needs('qemu-img'),
  async (t) => {
    const unpacking = new Unpacking(t);
    const work = join(unpacking.folder, 'work');
    mkdirSync(work);
    const part = join(work, 'part');
    const bytes = sparseBytes();
    const contexts: (TestContextOfImages & { done(): void })[] = [];
    const draft = {
      work,
      context: () => {
        const context = Object.assign(new TestContextOfImages(), { done: () => {} });
        contexts.push(context);
        return context;
      },
    };
    const progress = { signal: new AbortController().signal, progress: () => {} };
    const asked = { part, into: unpacking.into, source: { type: 'raw', compression: 'auto' } } as const;
    writeFileSync(part, gzipSync(bytes));
    await unpackImage({ ...asked, as: 'qcow2', name: 'disk' }, draft, progress);
    const disk = join(unpacking.into, 'disk');
    assert.match(qemuImg('info', disk), /file format: qcow2/);
    writeFileSync(part, gzipSync(readFileSync(disk)));
    await unpackImage(
      { ...asked, source: { type: 'qcow2', compression: 'auto' }, as: 'raw' },
      draft,
      progress,
    );
    assert.ok(unpacking.result.equals(bytes));
    const allocated = statSync(unpacking.file).blocks * 512;
    assert.ok(allocated < 500_000, `${allocated} bytes on the disk`);
    assert.ok((contexts.at(-1)?.reserved ?? 0) >= allocated);
    assert.equal(contexts.at(-1)?.seen.at(-1)?.step, 'converting');
    assert.deepEqual(readdirSync(work), ['part']);
  },
);

test('a disk is not converted when it is longer than allowed, or broken', needs('qemu-img'), async (t) => {
  const folder = testFolder(t);
  const [disk, result] = [join(folder, 'disk'), { file: join(folder, 'result'), format: 'raw' as const }];
  const from = { file: disk, from: 'qcow2' as const };
  const context = new TestContextOfImages();
  qemuImg('create', '-f', 'qcow2', disk, '1T');
  const limits = { ...DEFAULT_UNPACK_LIMITS, maxBytes: 1e9 };
  await assert.rejects(convert(from, result, limits, context), { code: 'IMAGE_UNPACKS_TOO_LARGE' });
  writeFileSync(disk, Buffer.concat([readFileSync(disk).subarray(0, 112), Buffer.alloc(4000, 'x')]));
  const wide = { ...DEFAULT_UNPACK_LIMITS, maxBytes: 2e12 };
  await assert.rejects(convert(from, result, wide, context), { code: 'IMAGE_CONVERT_FAILED' });
  assert.equal(existsSync(result.file), false);
});
