import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { DEFAULT_UNPACK_LIMITS } from '../../activities/images/unpack/index.js';
import { tarOf, Unpacking } from '../kit/unpack.js';

const FILESYSTEM = { type: 'filesystem' } as const;
const EXTRACTED = { type: 'filesystem', extract: true } as const;
const UNSAFE = { code: 'IMAGE_ARCHIVE_UNSAFE' };

test('IP4: a filesystem stays one tar file, decompressed', async (t) => {
  const unpacking = new Unpacking(t);
  const archive = await tarOf([{ name: 'etc/passwd', text: 'root' }]);
  await unpacking.run(gzipSync(archive), FILESYSTEM);
  assert.ok(unpacking.result.equals(archive));
});

test('a filesystem with devices, as a root file system has, stays one tar file', async (t) => {
  const unpacking = new Unpacking(t);
  const archive = await tarOf([{ name: './dev/null', type: 'character-device', devmajor: 1, devminor: 3 }]);
  await unpacking.run(archive, FILESYSTEM);
  assert.deepEqual(unpacking.left, ['image']);
});

test('IP4: a filesystem is extracted where that is asked for', async (t) => {
  const unpacking = new Unpacking(t);
  const archive = await tarOf([
    { name: './', type: 'directory' },
    { name: 'bin/', type: 'directory', mode: 0o555 },
    { name: 'bin/tool', text: 'x', mode: 0o4755 },
    { name: 'bin/same', type: 'link', linkname: 'bin/tool' },
    { name: 'etc/localtime', type: 'symlink', linkname: '/usr/share/zone' },
    { name: 'etc/near', type: 'symlink', linkname: '../bin/tool' },
  ]);
  const { path } = await unpacking.run(gzipSync(archive), EXTRACTED);
  const root = join(unpacking.into, path);
  assert.equal(statSync(join(root, 'bin/tool')).mode & 0o7777, 0o755);
  assert.equal(statSync(join(root, 'bin/same')).ino, statSync(join(root, 'bin/tool')).ino);
  assert.equal(readlinkSync(join(root, 'etc/localtime')), '../usr/share/zone');
  assert.equal(readFileSync(join(root, 'etc/near'), 'utf8'), 'x');
});

const CLIMBING: Record<string, Parameters<typeof tarOf>[0]> = {
  'a path with ..': [{ name: '../out', text: 'x' }],
  'a path with .. in its middle': [{ name: 'a/../../out', text: 'x' }],
  'an absolute path': [{ name: '/tmp/reveille-out', text: 'x' }],
  'a symbolic link that climbs': [{ name: 'a', type: 'symlink', linkname: '../out' }],
  'a symbolic link that climbs within its target': [
    { name: 'd/a', type: 'symlink', linkname: 'b/../../../out' },
  ],
  'a file through a symbolic link': [
    { name: 'a', type: 'symlink', linkname: 'b' },
    { name: 'a/file', text: 'x' },
  ],
  'a folder on a symbolic link': [
    { name: 'd', type: 'symlink', linkname: '.' },
    { name: 'd', type: 'directory' },
    { name: 'd/file', text: 'x' },
  ],
  'a hard link to what it did not make': [{ name: 'a', type: 'link', linkname: 'etc/passwd' }],
  'a hard link that climbs': [{ name: 'a', type: 'link', linkname: '../part' }],
  'a hard link to a symbolic link': [
    { name: 'a', type: 'symlink', linkname: 'b' },
    { name: 'c', type: 'link', linkname: 'a' },
  ],
  'a hard link through a symbolic link': [
    { name: 'd/file', text: 'x' },
    { name: 'e', type: 'symlink', linkname: 'd' },
    { name: 'f', type: 'link', linkname: 'e/file' },
  ],
  'a device': [{ name: 'sda', type: 'block-device', devmajor: 8, devminor: 0 }],
  'a pipe': [{ name: 'pipe', type: 'fifo' }],
  'a folder replaced by a link': [
    { name: 'd', type: 'directory' },
    { name: 'd', type: 'symlink', linkname: 'e' },
  ],
};

for (const [what, entries] of Object.entries(CLIMBING)) {
  test(`an archive with ${what} is refused, and leaves nothing`, async (t) => {
    const unpacking = new Unpacking(t);
    await assert.rejects(unpacking.run(await tarOf(entries), EXTRACTED), UNSAFE);
    assert.deepEqual(unpacking.left, []);
    assert.equal(existsSync(join(unpacking.folder, 'out')), false);
  });
}

test('a path that climbs is refused in a tar that is kept, too', async (t) => {
  const unpacking = new Unpacking(t);
  await assert.rejects(unpacking.run(await tarOf([{ name: '../out', text: 'x' }]), FILESYSTEM), UNSAFE);
});

test('a file that comes twice is the last, and one that was a link is not written through', async (t) => {
  const unpacking = new Unpacking(t);
  const archive = await tarOf([
    { name: 'target', text: 'untouched' },
    { name: 'a', type: 'symlink', linkname: 'target' },
    { name: 'a', text: 'second' },
  ]);
  await unpacking.run(archive, EXTRACTED);
  assert.equal(readFileSync(join(unpacking.file, 'target'), 'utf8'), 'untouched');
  assert.equal(readFileSync(join(unpacking.file, 'a'), 'utf8'), 'second');
  assert.equal(lstatSync(join(unpacking.file, 'a')).isFile(), true);
});

test('IPF5: names that a shell or a program would take for more are names', async (t) => {
  const unpacking = new Unpacking(t);
  const names = [
    '$(touch ran)',
    '; touch ran;',
    '--checkpoint-action=exec=touch ran',
    '-rf',
    '\n',
    '%s',
    '*',
  ];
  await unpacking.run(gzipSync(await tarOf(names.map((name) => ({ name, text: name })))), EXTRACTED);
  for (const name of names) assert.equal(readFileSync(join(unpacking.file, name), 'utf8'), name);
  assert.equal(readdirSync(unpacking.file).length, names.length);
});

test('names that differ in case alone are two files', async (t) => {
  const unpacking = new Unpacking(t);
  const archive = await tarOf([
    { name: 'README', text: 'upper' },
    { name: 'readme', text: 'lower' },
  ]);
  await unpacking.run(archive, EXTRACTED);
  assert.equal(readFileSync(join(unpacking.file, 'README'), 'utf8'), 'upper');
});

test('a tar archive that is cut off is named, within an entry and between two', async (t) => {
  const unpacking = new Unpacking(t);
  const archive = await tarOf([
    { name: 'a', text: 'x'.repeat(3000) },
    { name: 'b', text: 'y' },
  ]);
  const cutOff = { code: 'IMAGE_ARCHIVE_INVALID', message: /cut off/ };
  for (const options of [FILESYSTEM, EXTRACTED]) {
    for (const end of [1200, 512 + 3072]) {
      await assert.rejects(unpacking.run(archive.subarray(0, end), options), cutOff);
      await assert.rejects(unpacking.run(gzipSync(archive.subarray(0, end)), options), cutOff);
    }
  }
  assert.deepEqual(unpacking.left, []);
});

test('bytes that are no tar archive are named', async (t) => {
  const unpacking = new Unpacking(t);
  const page = Buffer.from('<!doctype html>'.repeat(100));
  await assert.rejects(unpacking.run(page, FILESYSTEM), { code: 'IMAGE_ARCHIVE_INVALID', message: /no tar/ });
});

test('an archive of too many entries stops at the bound', async (t) => {
  const unpacking = new Unpacking(t);
  const archive = await tarOf(Array.from({ length: 20 }, (_, index) => ({ name: `file${index}` })));
  const limits = { ...DEFAULT_UNPACK_LIMITS, maxEntries: 10 };
  await assert.rejects(unpacking.run(archive, { ...EXTRACTED, limits }), { code: 'IMAGE_UNPACKS_TOO_LARGE' });
  assert.deepEqual(unpacking.left, []);
});

test('what tar(1) makes of a folder is extracted as it was', async (t) => {
  const unpacking = new Unpacking(t);
  const source = join(unpacking.folder, 'source');
  mkdirSync(join(source, 'a folder', 'x'.repeat(120)), { recursive: true });
  writeFileSync(join(source, 'a folder', 'x'.repeat(120), 'ümlaut'), 'text');
  const archive = execFileSync('tar', ['-C', source, '-c', '.']);
  await unpacking.run(archive, EXTRACTED);
  assert.equal(execFileSync('diff', ['-r', source, unpacking.file], { encoding: 'utf8' }), '');
});
