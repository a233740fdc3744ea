import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { issuesOf } from '../kit/config-text.js';
import { root } from '../kit/scripts.js';
import { Bench } from './bench.js';

const page = readFileSync(join(root, 'docs/clouds.md'), 'utf8');

/** What each call asks for (https://cloud.google.com/compute/docs/reference/rest/v1, "IAM Permissions"). */
const RIGHTS: Record<string, string[]> = {
  'instances.aggregatedList': ['compute.instances.list'],
  'instances.get': ['compute.instances.get'],
  'instances.getSerialPortOutput': ['compute.instances.getSerialPortOutput'],
  'instances.insert': [
    'compute.instances.create',
    'compute.instances.setLabels',
    'compute.instances.setMetadata',
    'compute.instances.setTags',
    'compute.disks.create',
    'compute.subnetworks.use',
    'compute.subnetworks.useExternalIp',
  ],
  'instances.delete': ['compute.instances.delete'],
  'instances.setLabels': ['compute.instances.setLabels'],
  'instances.start': ['compute.instances.start'],
  'instances.stop': ['compute.instances.stop'],
  'instances.suspend': ['compute.instances.suspend'],
  'instances.resume': ['compute.instances.resume'],
  'zoneOperations.list': ['compute.zoneOperations.list'],
  'zoneOperations.wait': ['compute.zoneOperations.get'],
};

test('docs/clouds.md: the role for Compute Engine allows the calls that the provider makes, and no other', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker({ backend: { gce: { startupScript: 'exec sleep 1000' } } });
    const { instance } = await worker.boot(1000);
    await worker.provider.list(worker.context());
    await worker.provider.logTail(worker.request(1000), 1000);
    await worker.stop(1000, 'suspend');
    await worker.boot(2000);
    await bench.compute.project.preempt(bench.machine);
    await worker.inspect({ ...instance, generation: 2000 });
    await worker.boot(3000);
    await worker.stop(3000);
    await worker.stop(3000, 'delete');
    const asked = [...new Set(bench.compute.asked)].sort();
    assert.deepEqual(asked, Object.keys(RIGHTS).sort());
    const [, role = ''] = /```yaml policy=gce\n([\s\S]*?)```/.exec(page) ?? [];
    const { includedPermissions } = parse(role) as { includedPermissions: string[] };
    const needed = new Set(asked.flatMap((method) => RIGHTS[method] ?? []));
    assert.deepEqual([...includedPermissions].sort(), [...needed].sort());
  }));

/** Those of the import of images. */
const IMAGE_RIGHTS: Record<string, string[]> = {
  'images.get': ['compute.images.get'],
  // What is in the bucket is read in the name of whoever asks for the image.
  'images.insert': ['compute.images.create', 'compute.images.setLabels', 'storage.objects.get'],
  'images.delete': ['compute.images.delete'],
  'globalOperations.wait': ['compute.globalOperations.get'],
};

test('docs/clouds.md: what images need beside it are the calls that their registrar makes, and no other', () => {
  const [, role = ''] = /```yaml policy=gce-images\n([\s\S]*?)```/.exec(page) ?? [];
  const { includedPermissions } = parse(role) as { includedPermissions: string[] };
  const ofBucket = ['storage.objects.create', 'storage.objects.delete'];
  const needed = [...Object.values(IMAGE_RIGHTS).flat(), ...ofBucket];
  assert.deepEqual([...includedPermissions].sort(), needed.sort());
  // The fake refuses what the reference's data do not have: so these are all that code can have called.
  const { methods } = JSON.parse(readFileSync(join(root, 'test/gce/reference.json'), 'utf8')) as {
    methods: object;
  };
  const known = [...Object.keys(RIGHTS), ...Object.keys(IMAGE_RIGHTS)];
  assert.deepEqual(Object.keys(methods).sort(), known.sort());
});

test('docs/clouds.md and docs/providers.md: the examples for Compute Engine are right', () => {
  const providers = readFileSync(join(root, 'docs/providers.md'), 'utf8');
  const examples = [...`${page}\n${providers}`.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, text = '']) => text,
  );
  const ofGce = examples.filter((text) => text.includes('provider: gce'));
  assert.equal(ofGce.length, 3);
  for (const text of ofGce) assert.deepEqual(issuesOf(text), [], text);
});
