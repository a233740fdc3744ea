import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { imageFolder, imagesOf, parseConfig } from '../../config/index.js';
import { isReveilleError } from '../../errors/index.js';
import { ImageHost } from '../kit/image-host.js';

const SHA256 = 'a'.repeat(64);
const machine = (disk: string, more = '') =>
  `resources:\n  m:\n    provider: qemu\n    qemu: { disk: ${disk} }\n    health: { path: / }\n${more}`;

/** Each issue of a configuration, as `key: what`. */
function issuesOf(text: string): string[] {
  try {
    parseConfig(text, 'r.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof Error && 'issues' in error && Array.isArray(error.issues))) throw error;
    return error.issues.map(({ key, message }) => `${key}: ${message}`);
  }
}

test('IP14, IP15: where images are kept and within which bounds is configured', async (t) => {
  const host = new ImageHost(
    t,
    { one: randomBytes(1000) },
    { directory: 'elsewhere', fetch: { maxBytes: '999B' } },
  );
  assert.equal(imageFolder(host.config), join(host.folder, 'elsewhere'));
  await assert.rejects(
    host.wake('one', 1),
    (error) => isReveilleError(error) && error.code === 'IMAGE_TOO_LARGE',
  );
  assert.ok(existsSync(join(host.folder, 'elsewhere')));
});

test('a path goes on to mean a file that is there, and a mapping an image with its place’s defaults', () => {
  const file = parseConfig(machine('{ image: disk.qcow2 }'), 'r.yaml').resources.m;
  assert.ok(file !== undefined && imagesOf(file).length === 0);
  const url = parseConfig(machine(`{ image: { url: "https://h/d.raw.xz", type: raw } }`), 'r.yaml').resources
    .m;
  const [image] = url === undefined ? [] : imagesOf(url);
  assert.deepEqual([image?.slot, image?.source.type, image?.as], ['disk', 'raw', 'qcow2']);
});

test('an image is named by its digest where it has one, else by its URL; credentials are no part of that', () => {
  const keyOf = (source: string) => {
    const one = parseConfig(machine(`{ image: ${source} }`), 'r.yaml').resources.m;
    return one === undefined ? '' : imagesOf(one)[0]?.key;
  };
  const first = keyOf(`{ url: "https://a/d", sha256: ${SHA256} }`);
  assert.equal(
    keyOf(`{ url: "https://b/d", sha256: ${SHA256.toUpperCase()}, credentials: "Bearer x" }`),
    first,
  );
  assert.notEqual(keyOf(`{ url: "https://a/d", sha256: ${SHA256}, type: raw }`), first);
  assert.notEqual(keyOf('{ url: "https://a/d" }'), keyOf('{ url: "https://b/d" }'));
});

test('what cannot be right about an image is told with its key and what would be', () => {
  const wrong: Record<string, RegExp> = {
    '{ image: { url: "http://h/d" } }':
      /^resources\.m\.qemu\.disk\.image: http:\/\/h\/d can be changed on its way/,
    '{ image: { url: "https://u:p@h/d" } }':
      /^resources\.m\.qemu\.disk\.image\.url: .*is not the URL of an image/,
    '{ image: { url: "https://h/d", sha256: abc } }': /sha256: "abc" is not a SHA-256 digest/,
    '{ image: { url: "https://h/d", register: cloud } }':
      /register: there is no place cloud in images\.register/,
    '{ image: { url: "https://h/d" }, overlay: false }': /overlay: a machine cannot write into an image/,
    '{ image: { url: "https://h/d", metadata: true } }': /metadata: what this takes is one file/,
  };
  for (const [disk, message] of Object.entries(wrong)) {
    const [issue = '', ...more] = issuesOf(machine(disk));
    assert.match(issue, message);
    assert.deepEqual(more, []);
  }
});
