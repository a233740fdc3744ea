import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { ImageHost } from '../kit/image-host.js';

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

test('IP3: an image of several parts is a folder with a file for each, unpacked and by the name of its type', async (t) => {
  const origin = mkdtempSync(join(tmpdir(), 'reveille-parts-'));
  t.after(() => rmSync(origin, { recursive: true, force: true }));
  // Whatever else it is, a raw disk is whole sectors.
  const root = randomBytes(512 * 100);
  const kernel = Buffer.concat([Buffer.from('\x7fELF', 'latin1'), randomBytes(30_000)]);
  const parts = [
    { type: 'FILESYSTEM', bytes: gzipSync(root), name: 'root.gz' },
    { type: 'KERNEL', bytes: kernel, name: 'vmlinuz' },
  ];
  const images = parts.map(({ type, bytes, name }) => {
    const file = join(origin, name);
    writeFileSync(file, bytes);
    return { type, signature: sha256Of(bytes), url: pathToFileURL(file).href };
  });
  const xml = `<images>${images
    .map(
      (image) =>
        `<image>${Object.entries(image)
          .map(([key, text]) => `<${key}>${text}</${key}>`)
          .join('')}</image>`,
    )
    .join('')}</images>`;
  const host = new ImageHost(t, { one: Buffer.from(xml) }, {}, { source: { metadata: true } });
  const made = await host.wake('one', 1);
  assert.equal(made?.sha256, sha256Of(Buffer.from(xml)), 'its GUID is the hash of the metadata');
  const handed = await host.images.handed(host.user('one', 1).definition);
  const folder = handed?.get('data')?.path ?? '';
  assert.ok(readFileSync(join(folder, 'raw')).equals(root));
  assert.ok(readFileSync(join(folder, 'kernel')).equals(kernel));
  const image = (await host.images.store()).find(host.keyOf('one'));
  assert.deepEqual(
    image?.files.map(({ path, type }) => [path, type]),
    [
      ['raw', 'raw'],
      ['kernel', 'kernel'],
    ],
  );
});
