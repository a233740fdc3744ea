import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Fetching, settings } from '../kit/fetching.js';

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function sourceFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-source-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a file of this host is copied, its holes as holes, and is not changed', async (t) => {
  const source = join(sourceFolder(t), 'disk image.raw');
  writeFileSync(source, 'beginning');
  truncateSync(source, 30_000_000);
  const before = readFileSync(source);
  const fetching = new Fetching(t);
  const { bytes, sha256 } = await fetching.fetch({ urls: [pathToFileURL(source).href] });
  assert.equal(bytes, 30_000_000);
  assert.equal(sha256, sha256Of(before));
  assert.deepEqual(readFileSync(fetching.part), before);
  assert.ok(statSync(fetching.part).blocks * 512 < 2_000_000);
  assert.notEqual(statSync(fetching.part).ino, statSync(source).ino);
  assert.deepEqual(readFileSync(source), before);
});

test('a file that ends in zeros keeps its length, over what an earlier copy left', async (t) => {
  const source = join(sourceFolder(t), 'disk');
  writeFileSync(source, Buffer.concat([Buffer.from('x'), Buffer.alloc(3_000_000)]));
  const fetching = new Fetching(t);
  writeFileSync(fetching.part, 'left by another');
  const { sha256 } = await fetching.fetch({ urls: [pathToFileURL(source).href] });
  assert.equal(sha256, sha256Of(readFileSync(source)));
  assert.deepEqual(readFileSync(fetching.part), readFileSync(source));
});

test('what is no plain file, or not there, is refused', async (t) => {
  const folder = sourceFolder(t);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const path of [pipe, folder, '/dev/zero', join(folder, 'absent')]) {
    await assert.rejects(new Fetching(t).fetch({ urls: [pathToFileURL(path).href] }), {
      code: 'IMAGE_SOURCE_INVALID',
    });
  }
});

test('a file larger than allowed leaves nothing', async (t) => {
  const source = join(sourceFolder(t), 'disk');
  writeFileSync(source, Buffer.alloc(3_000_000, 1));
  const fetching = new Fetching(t);
  await assert.rejects(
    fetching.fetch({ urls: [pathToFileURL(source).href] }, settings({ maxBytes: 1_000_000 })),
    {
      code: 'IMAGE_TOO_LARGE',
    },
  );
  assert.deepEqual(fetching.left(), []);
});
