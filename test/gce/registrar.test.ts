import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type TestContext, test } from 'node:test';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import type { PlacedImage } from '../../activities/images/registrars/contract.js';
import { tarHeader } from '../../activities/images/registrars/gce-archive.js';
import { registrarAt } from '../../activities/images/registrars/table.js';
import { addedSource } from '../../activities/images/sources.js';
import { parseConfig } from '../../config/index.js';
import { ImageHost, CONTEXT as WORK } from '../kit/image-host.js';
import { FakeBucket } from './fake/bucket.js';
import { FakeCompute } from './fake/compute.js';

const GIB = 1024 ** 3;
const KEY = createHash('sha256').update('an image').digest('hex');
const ID = `projects/some-project/global/images/reveille-${KEY.slice(0, 40)}`;
const ZEROS = Buffer.alloc(1024 * 1024);
const context = () => ({ signal: AbortSignal.timeout(50_000), progress: () => {} });

/** A disk of 3 MB in the cache, and a place that imports it. @param users more resources. */
async function bench(t: TestContext, place: object = {}, users: object = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-images-'));
  const [compute, bucket] = await Promise.all([FakeCompute.open(), FakeBucket.open()]);
  t.after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await bucket.close();
    await compute.close();
  });
  const gce = {
    project: 'some-project',
    bucket: 'my-images',
    api: compute.url,
    storage: bucket.url,
    ...place,
  };
  const images = { register: { google: { gce } } };

  const config = parseConfig(JSON.stringify({ images, resources: users }), 'reveille.yaml');
  const path = join(folder, 'disk');
  const data = randomBytes(3_000_000);
  writeFileSync(path, data);
  const image: PlacedImage = {
    key: KEY,
    path,
    type: 'raw',
    sha256: undefined,
    guid: undefined,
    url: undefined,
    bytes: data.length,
  };
  return { compute, bucket, data, image, path, google: registrarAt('gce:google', config), place: { gce } };
}

interface Packed {
  name: string;
  size: number;
  /** It is the disk, and then nothing but zeros. */
  isDisk: boolean;
}

async function unpacked(archive: Buffer, disk: Buffer): Promise<Packed[]> {
  const found: Packed[] = [];
  const files = extract();
  files.on('entry', ({ name, size = 0 }, stream, next) => {
    let at = 0;
    let isDisk = true;
    stream.on('data', (data) => {
      const chunk = data as Buffer;
      const own = disk.subarray(at, at + chunk.length);
      const rest = chunk.subarray(own.length);
      isDisk &&= own.equals(chunk.subarray(0, own.length)) && rest.equals(ZEROS.subarray(0, rest.length));
      at += chunk.length;
    });
    stream.once('end', () => {
      found.push({ name, size, isDisk });
      next();
    });
  });
  await pipeline(Readable.from([archive]), createGunzip({ chunkSize: ZEROS.length }), files);
  return found;
}

test('a disk becomes an image of Compute Engine: packed as it wants it, through a bucket that is left empty', async (t) => {
  const { compute, bucket, data, image, google } = await bench(t, { family: 'mine' });
  let imported: Packed[] = [];
  let spec: { rawDisk?: { source: string }; family?: string } = {};
  compute.project.onImport = async (body) => {
    spec = body;
    const object = spec.rawDisk?.source.split('/').at(-1) ?? '';
    imported = await unpacked(bucket.objects.get(object) ?? Buffer.alloc(0), data);
  };
  assert.equal(await google.register(image, context()), ID);
  assert.deepEqual(imported, [{ name: 'disk.raw', size: GIB, isDisk: true }]);
  assert.ok(spec.rawDisk?.source.startsWith(`${bucket.url}/my-images/reveille-`));
  assert.equal(spec.family, 'mine');
  assert.equal(bucket.objects.size, 0);
  assert.equal(await google.find(KEY, undefined, context()), ID);
});

test('answers that are lost on the way to the bucket cost nothing but time', async (t) => {
  const { compute, bucket, data, image, path, google } = await bench(t);
  // Several pieces of an upload, for they cannot be packed.
  const large = Buffer.concat([data, randomBytes(20_000_000)]);
  writeFileSync(path, large);
  bucket.losing = 2;
  let imported: Packed[] = [];
  compute.project.onImport = async () => {
    imported = await unpacked([...bucket.objects.values()][0] ?? Buffer.alloc(0), large);
  };
  await google.register(image, context());
  assert.deepEqual(imported, [{ name: 'disk.raw', size: GIB, isDisk: true }]);
});

test('an image by URL has its id at the place that it is to be registered with', async (t) => {
  const { place } = await bench(t);
  const host = new ImageHost(t, {}, { register: { google: place } });
  const file = join(host.folder, 'origin', 'disk');
  writeFileSync(file, randomBytes(10_000));
  const added = {
    urls: [`file://${file}`] as const,
    type: 'raw',
    compression: 'auto',
    register: 'google',
  };
  const { key } = addedSource(added);
  const made = await host.images.make({ ...host.input(key), added }, WORK, true);
  assert.equal(made.id, `projects/some-project/global/images/reveille-${key.slice(0, 40)}`);
});

test('sizes that octal digits cannot say stand in binary, as GNU tar reads them', async () => {
  const size = 9 * GIB;
  const files = extract();
  const head = once(files, 'entry');
  files.write(tarHeader('disk.raw', size));
  const [{ name, size: read }] = (await head) as [{ name: string; size: number }];
  assert.deepEqual([name, read], ['disk.raw', size]);
  files.destroy();
});

test('who comes to an image that is there, is being imported, or has failed, takes it up', async (t) => {
  const { compute, image, google } = await bench(t);
  const both = await Promise.all([google.register(image, context()), google.register(image, context())]);
  assert.deepEqual(both, [ID, ID]);
  const inserts = () => compute.project.images.size;
  assert.equal(inserts(), 1);
  await google.register(image, context());
  for (const one of compute.project.images.values()) one.status = 'FAILED';
  assert.equal(await google.find(KEY, ID, context()), undefined);
  assert.equal(await google.register(image, context()), ID);
  assert.equal(await google.find(KEY, undefined, context()), ID);
});

test('an import that fails says why, and leaves the bucket empty', async (t) => {
  const { compute, bucket, image, google } = await bench(t);
  compute.project.fail('insertImage', 'INVALID_IMAGE');
  await assert.rejects(google.register(image, context()), {
    code: 'IMAGE_REGISTER_FAILED',
    message: /insert failed: the test lets it fail with INVALID_IMAGE/,
  });
  assert.equal(bucket.objects.size, 0);
  await assert.rejects(google.register({ ...image, type: 'qcow2' }, context()), /of the type raw, not qcow2/);
});

test('IP8: an image is deregistered unless a resource is created from it, and content where it is gone', async (t) => {
  const vm = { provider: 'gce', gce: { project: 'some-project', zone: 'us-central1-a', image: ID } };
  const used = await bench(t, {}, { vm });
  await used.google.register(used.image, context());
  await assert.rejects(used.google.deregister(ID, context()), { code: 'IMAGE_IN_USE', message: /^vm is/ });
  // Pulumi and Compute Engine name one in several ways; its project tells it from another of the same digest.
  const ways = [ID, ID.replace('projects/', 'https://www.googleapis.com/compute/v1/projects/')];
  const short = ID.replace(/^projects\/|global\/images\//g, '');
  for (const named of [...ways, short, short.replace('some-project/', '')]) {
    const args = { project: 'some-project', zone: 'us-central1-a', image: named };
    const byTemplate = await bench(
      t,
      {},
      { stack: { provider: 'pulumi', pulumi: { template: 'gcp-vm', args } } },
    );
    const inUse = { code: 'IMAGE_IN_USE', message: /^stack is/ };
    await assert.rejects(byTemplate.google.deregister(ID, context()), inUse, named);
  }
  const elsewhere = { ...vm.gce, image: ID.replace('some-project', 'other-project') };
  const free = await bench(t, {}, { vm: { ...vm, gce: elsewhere } });
  await free.google.register(free.image, context());
  await free.google.deregister(ID, context());
  assert.equal(free.compute.project.images.size, 0);
  await free.google.deregister(ID, context());
  assert.equal(await free.google.find(KEY, ID, context()), undefined);
});
