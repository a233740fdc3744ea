import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { DockerEngine, needsDocker } from '../kit/docker-engine.js';
import { tarOf, Unpacking } from '../kit/unpack.js';

const OCI = { type: 'oci' } as const;
const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;

type Entries = Parameters<typeof tarOf>[0][number][];

/** An image of one layer as tools of OCI write it: without Docker's own tables. */
async function ociEntries(architectures: readonly string[] = [ARCHITECTURE]): Promise<Entries> {
  const layer = await tarOf([{ name: 'hello.txt', text: 'hello' }]);
  const blobs = new Map<string, Buffer>();
  const blob = (bytes: Buffer, kind: string) => {
    blobs.set(`blobs/sha256/${sha256(bytes)}`, bytes);
    const mediaType = `application/vnd.oci.image.${kind}`;
    return { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length };
  };
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const manifests = architectures.map((architecture) => {
    const rootfs = { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] };
    const config = blob(json({ architecture, os: 'linux', rootfs }), 'config.v1+json');
    const layers = [blob(gzipSync(layer), 'layer.v1.tar+gzip')];
    const manifest = blob(json({ schemaVersion: 2, config, layers }), 'manifest.v1+json');
    return { ...manifest, platform: { os: 'linux', architecture } };
  });
  return [
    { name: 'oci-layout', text: '{"imageLayoutVersion":"1.0.0"}' },
    ...[...blobs].map(([name, text]) => ({ name, text })),
    { name: 'index.json', text: json({ schemaVersion: 2, manifests }) },
  ];
}

test('an OCI archive becomes one that the Docker engine loads', needsDocker(), async (t) => {
  const engine = await DockerEngine.start();
  t.after(() => engine.close());
  const unpacking = new Unpacking(t);
  await unpacking.run(gzipSync(await tarOf(await ociEntries(['s390x', ARCHITECTURE]))), OCI);
  const answer = await engine.docker.loadImage(createReadStream(unpacking.file));
  let said = '';
  for await (const chunk of answer) said += chunk;
  const id = /sha256:[0-9a-f]{64}/.exec(said)?.[0];
  assert.ok(id, said);
  assert.equal((await engine.docker.getImage(id).inspect()).Architecture, ARCHITECTURE);
});

test('an archive that Docker saved is kept as it is', async (t) => {
  const unpacking = new Unpacking(t);
  const table = JSON.stringify([{ Config: 'c.json', RepoTags: ['a:1'], Layers: ['l/layer.tar'] }]);
  const archive = await tarOf([
    { name: 'c.json', text: '{}' },
    { name: 'l/layer.tar', text: '' },
    { name: 'manifest.json', text: table },
  ]);
  assert.equal((await unpacking.run(archive, OCI)).sha256, sha256(archive));
  assert.ok(unpacking.result.equals(archive));
});

const BROKEN: Record<string, { change: (entries: Entries) => Entries; code: string }> = {
  'a blob that is not what its name says': {
    change: (entries) => entries.map((entry, at) => (at === 2 ? { ...entry, text: 'another' } : entry)),
    code: 'IMAGE_ARCHIVE_INVALID',
  },
  'a blob missing': {
    change: (entries) => entries.filter((_, at) => at !== 1),
    code: 'IMAGE_ARCHIVE_INVALID',
  },
  'two indexes': {
    change: (entries) => [{ name: 'index.json', text: '{"manifests":[]}' }, ...entries],
    code: 'IMAGE_ARCHIVE_INVALID',
  },
  'an index that is not one': {
    change: (entries) => entries.map((e) => (e.name === 'index.json' ? { ...e, text: '{' } : e)),
    code: 'IMAGE_ARCHIVE_INVALID',
  },
  'no index': {
    change: (entries) => entries.filter(({ name }) => name !== 'index.json'),
    code: 'IMAGE_TYPE_MISMATCH',
  },
  'a path that climbs': {
    change: (entries) => [{ name: 'blobs/../../out', text: 'x' }, ...entries],
    code: 'IMAGE_ARCHIVE_UNSAFE',
  },
};

for (const [what, { change, code }] of Object.entries(BROKEN)) {
  test(`a container image with ${what} is refused, and leaves nothing`, async (t) => {
    const unpacking = new Unpacking(t);
    await assert.rejects(unpacking.run(await tarOf(change(await ociEntries())), OCI), { code });
    assert.deepEqual(unpacking.left, []);
  });
}

test('a container image for other machines alone is refused', async (t) => {
  const unpacking = new Unpacking(t);
  const archive = await tarOf(await ociEntries(['s390x', 'riscv64']));
  await assert.rejects(unpacking.run(archive, OCI), { code: 'IMAGE_TYPE_MISMATCH', message: /linux/ });
});
