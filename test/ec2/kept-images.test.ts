import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { isReveilleError } from '../../errors/index.js';
import { bytes } from '../images/kit.js';
import { yardOfSuite } from '../kit/ec2-yard.js';
import { needs } from '../kit/engines.js';
import { CONTEXT, ImageHost } from '../kit/image-host.js';
import { Mirror } from '../kit/mirror.js';

const UPLOAD = 'cp "$IMAGE_PATH" "$BUCKET/$IMAGE_KEY" && echo "s3://bucket/$IMAGE_KEY"';

describe('images by URL that instances are made from', needs('moto'), () => {
  const yard = yardOfSuite();

  const registered = () => yard().site.list({ Action: 'DescribeImages', 'Owner.1': 'self' }, 'imageId');

  /** Hosts with the same configuration; `web` is made from a disk by URL. */
  async function bench(t: TestContext) {
    const mirror = await Mirror.start({ disk: bytes(1) });
    t.after(() => mirror.close());
    const image = { ...mirror.source('disk'), register: 'cloud' };
    const web = { provider: 'ec2', ec2: { ...yard().created({ image }), port: 80 }, lease: { stretch: 0 } };
    const { settings, imports } = yard().site;
    const upload = ['/bin/sh', '-c', UPLOAD];
    const place = { ...settings, upload, env: { BUCKET: imports.bucket }, interval: '50ms' };
    const host = (more: object = {}) =>
      new ImageHost(t, {}, { register: { cloud: { ec2: { ...place, ...more } } } }, { resources: { web } });
    return { mirror, host };
  }

  const idFor = async (host: ImageHost) => {
    const handed = await host.images.forBoot(host.user('web', 1).definition, CONTEXT);
    return handed?.get('image')?.id ?? '';
  };

  test('another host finds what is registered, and fetches nothing', async (t) => {
    const { mirror, host } = await bench(t);
    const one = host();
    const made = await one.wake('web', 1);
    const two = host();
    assert.equal(await two.wake('web', 2), undefined);
    const input = two.input(two.keyOf('web'));
    assert.equal((await two.images.make(input, CONTEXT)).id, made?.id, 'nor where it is told to make it');
    assert.deepEqual([mirror.asked, two.stored(), await idFor(two)], [1, [], made?.id]);
  });

  test('IP8, IPF9: it stays while a resource names it, awake or asleep, and leaves the cloud when none does', async (t) => {
    const { mirror, host } = await bench(t);
    const before = await registered();
    const one = host();
    await one.wake('web', 1);
    const id = await idFor(one);
    const name = one.keyOf('web');
    const remove = () => one.chore({ do: 'remove', name });
    const isUsed = (error: unknown) => isReveilleError(error) && error.code === 'IMAGE_IN_USE';
    await assert.rejects(remove(), isUsed);
    await one.chore({ do: 'collect', all: true });
    assert.deepEqual([await registered(), one.stored()], [[...before, id], []], 'its bytes are not needed');
    await one.wake('web', 2);
    assert.deepEqual([await idFor(one), mirror.asked], [id, 1]);
    one.reload({ resources: {} });
    await one.chore({ do: 'collect', all: true });
    assert.deepEqual(await registered(), before);
  });

  test('it stays while an instance is made from it that no resource names any more', async (t) => {
    const { host } = await bench(t);
    const one = host();
    await one.wake('web', 1);
    const id = await idFor(one);
    const machine = yard().worker({ machine: { ...yard().created(), image: id } });
    await machine.boot('machine', 1000);
    const name = one.keyOf('web');
    one.reload({ resources: {} });
    await assert.rejects(one.chore({ do: 'remove', name }), { code: 'IMAGE_IN_USE' });
    assert.ok((await registered()).includes(id));
    await machine.stop('machine', 1000, 'delete');
    await one.chore({ do: 'remove', name });
    assert.ok(!(await registered()).includes(id));
  });

  test('a worker that died before it wrote the id down has it taken back all the same', async (t) => {
    const { host } = await bench(t);
    const before = await registered();
    const one = host();
    await one.wake('web', 1);
    const key = one.keyOf('web');
    await (await one.images.store()).dropRegistration(key, 'ec2:cloud');
    await one.wake('web', 2);
    one.reload({ resources: {} });
    await one.chore({ do: 'remove', name: key });
    assert.deepEqual(await registered(), before);
  });

  test('after a change of the place it is another image, and the first one leaves the cloud', async (t) => {
    const { mirror, host } = await bench(t);
    const before = await registered();
    const one = host();
    await one.wake('web', 1);
    const first = await idFor(one);
    one.reload({ images: host({ ena: true }).config.images });
    await one.wake('web', 2);
    const second = await idFor(one);
    assert.notEqual(second, first);
    assert.deepEqual([await registered(), mirror.asked], [[...before, second], 1]);
  });
});
