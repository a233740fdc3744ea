import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { GceProvider } from '../../activities/providers/gce/provider.js';
import { isReveilleError } from '../../errors/index.js';
import { bytes } from '../images/kit.js';
import { CONTEXT, ImageHost } from '../kit/image-host.js';
import { Mirror } from '../kit/mirror.js';
import { silentLog } from '../kit/silent-log.js';
import { FakeBucket } from './fake/bucket.js';
import { FakeCompute } from './fake/compute.js';

/** Hosts of a project with a fake of Compute Engine and of a bucket; `vm` is made from a disk by URL. */
async function bench(t: TestContext) {
  const [compute, bucket, mirror] = await Promise.all([
    FakeCompute.open(),
    FakeBucket.open(),
    Mirror.start({ disk: bytes(1) }),
  ]);
  t.after(() => Promise.all([mirror.close(), bucket.close(), compute.close()]));
  const at = { project: 'some-project', api: compute.url };
  const google = { gce: { ...at, bucket: 'my-images', storage: bucket.url } };
  const image = { ...mirror.source('disk'), register: 'google' };
  const vm = { provider: 'gce', gce: { ...at, zone: 'us-central1-a', image } };
  const resources = { vm, other: vm };
  const host = () => new ImageHost(t, {}, { register: { google } }, { resources });
  let imports = 0;
  compute.project.onImport = async () => {
    imports += 1;
  };
  return { compute, mirror, host, imports: () => imports };
}

test('a machine is made from a disk by URL, which is fetched and imported once, whoever needs it', async (t) => {
  const { compute, mirror, host, imports } = await bench(t);
  const one = host();
  const made = await one.wake('vm', 1);
  const id = `projects/some-project/global/images/reveille-${one.keyOf('vm').slice(0, 40)}`;
  assert.equal(made?.id, id);
  const { definition } = one.user('vm', 1);
  const images = await one.images.forBoot(definition, CONTEXT);
  assert.ok(images);
  const services = { config: one.config, stateDir: one.folder, host: 'one', log: silentLog };
  const request = { name: 'vm', params: {}, generation: 1, definition, revision: 'r1', images };
  await new GceProvider(services).boot(request, { ...CONTEXT, heartbeat: () => {} });
  const [disk] = compute.inserted.at(-1)?.body.disks ?? [];
  assert.equal(disk?.initializeParams?.sourceImage, id);

  assert.equal(await one.wake('other', 1), undefined);
  const another = host();
  assert.equal(await another.wake('vm', 2), undefined, 'another host finds it');
  assert.deepEqual([mirror.asked, imports(), another.stored()], [1, 1, []]);
});

test('IP8: a disk that resources are made from stays, and leaves the cloud when the last of them is gone', async (t) => {
  const { compute, host } = await bench(t);
  const used = host();
  await used.wake('vm', 1);
  const key = used.keyOf('vm');
  const remove = () => used.chore({ do: 'remove', name: key });
  await assert.rejects(
    remove(),
    (error) => isReveilleError(error) && error.code === 'IMAGE_IN_USE' && /vm, other/.test(error.message),
  );
  await used.chore({ do: 'collect', all: true });
  assert.deepEqual([compute.project.images.size, used.stored()], [1, []], 'its bytes are not needed');
  used.reload({ resources: {} });
  await used.chore({ do: 'collect', all: true });
  assert.equal(compute.project.images.size, 0);
});
