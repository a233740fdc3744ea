import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Ec2Registrar } from '../../activities/images/registrars/ec2.js';
import { configSchema, type Ec2Place } from '../../config/index.js';
import type { ImageStanding } from '../../control/images-contract.js';
import { bytes } from '../images/kit.js';
import { yardOfSuite } from '../kit/ec2-yard.js';
import { needs } from '../kit/engines.js';
import { WholeHouse } from '../kit/house-up.js';
import { Mirror, sha256 } from '../kit/mirror.js';
import { root, tempFolder } from '../kit/scripts.js';

const UPLOAD = 'cp "$IMAGE_PATH" "$BUCKET/$IMAGE_KEY" && echo "s3://bucket/$IMAGE_KEY"';
const DISCARD = 'rm -f "$BUCKET/$(basename "$IMAGE_UPLOADED")"';

/** Runs `reveille image …` on a house. */
function image(house: WholeHouse, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const argv = [join(root, 'bin/reveille.mjs'), 'image', ...args, '--config', house.file];
    execFile(process.execPath, argv, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
  });
}

describe('images of a cloud with EC2’s interface', needs('moto'), () => {
  const yard = yardOfSuite();

  const place = () => ({
    ...yard().site.settings,
    upload: ['/bin/sh', '-c', UPLOAD],
    discard: ['/bin/sh', '-c', DISCARD],
    env: { BUCKET: yard().site.imports.bucket },
    interval: '50ms',
  });
  const registered = () => yard().site.list({ Action: 'DescribeImages', 'Owner.1': 'self' }, 'imageId');
  /** Those that were imported: moto makes one of its own for each image. */
  const snapshots = async () => {
    const all = await yard().site.list({ Action: 'DescribeSnapshots', 'Owner.1': 'self' }, 'snapshotId');
    return all.filter((id) => yard().site.imports.contents.has(id));
  };
  const registrar = (folder: string, more: object = {}, resources: object = {}): Ec2Registrar => {
    const images = { register: { cloud: { ec2: { ...place(), ...more } } } };
    const parsed = configSchema.parse({ site: 'registrar', images, resources });
    const { ec2 } = parsed.images.register.cloud as Ec2Place;
    return new Ec2Registrar('cloud', ec2, { ...parsed, file: undefined, folder });
  };
  const context = () => ({ signal: new AbortController().signal, progress: () => {} });
  const placed = (path: string, key: string) => {
    const known = { sha256: undefined, guid: undefined, url: undefined };
    return { key, path, type: 'raw', bytes: 1000, ...known } as const;
  };

  test('one by URL is registered, an instance starts from it, and it is taken back when nothing uses it', async () => {
    const disk = bytes(1);
    const mirror = await Mirror.start({ disk });
    try {
      const plan = {
        resources: {},
        top: { site: 'yard', images: { register: { cloud: { ec2: place() } } } },
      };
      await WholeHouse.live(plan, async (house) => {
        const before = { images: await registered(), snapshots: await snapshots() };
        const source = mirror.source('disk');
        const add = ['add', source.url, '--sha256', source.sha256, '--type', 'raw', '--guid', 'disk-1'];
        const added = await image(house, ...add, '--register', 'cloud', '--wait', '--json');
        assert.equal(added.code, 0, added.err);
        const { id = '' } = JSON.parse(added.out) as ImageStanding;
        assert.match(id, /^ami-/);
        assert.deepEqual(await registered(), [...before.images, id]);
        const { imports } = yard().site;
        assert.deepEqual([...imports.contents.values()], [sha256(disk)]);
        assert.deepEqual(readdirSync(imports.bucket), [], 'what was uploaded is removed');

        const host = yard().worker({ machine: { ...yard().created(), image: id } });
        const { instance } = await host.boot('machine', 1000);
        assert.equal(yard().site.guests.get(instance.id)?.state, 'running');
        const used = await image(house, 'remove', 'disk-1');
        assert.equal(used.code, 1, used.out);
        assert.ok((await registered()).includes(id), 'a machine is made from it');
        await host.stop('machine', 1000, 'delete');
        const removed = await image(house, 'remove', 'disk-1');
        assert.equal(removed.code, 0, removed.err);
        assert.deepEqual(await registered(), before.images);
        assert.deepEqual(await snapshots(), before.snapshots);
      });
    } finally {
      await mirror.close();
    }
  });

  test('registered again, by whomever, it is the same; each lost answer is borne', async (t) => {
    const folder = tempFolder(t);
    const file = join(root, 'package.json');
    const before = { images: await registered(), snapshots: await snapshots() };
    for (const call of ['ImportSnapshot', 'DescribeImportSnapshotTasks', 'CreateTags', 'RegisterImage'])
      yard().site.faults.add(new RegExp(`Action=${call}&`), { kind: 'lose' }, 1);
    const one = registrar(folder);
    const id = await one.register(placed(file, 'a'.repeat(64)), context());
    assert.equal(await registrar(folder).register(placed(file, 'a'.repeat(64)), context()), id);
    assert.deepEqual(await registered(), [...before.images, id]);
    assert.equal((await snapshots()).length, before.snapshots.length + 1);
    assert.equal(await one.find('a'.repeat(64), undefined, context()), id);
    for (const call of ['DeregisterImage', 'DeleteSnapshot'])
      yard().site.faults.add(new RegExp(`Action=${call}&`), { kind: 'lose' }, 1);
    await one.deregister(id, context());
    await one.deregister(id, context());
    assert.equal(await one.find('a'.repeat(64), id, context()), undefined);
    assert.deepEqual([await registered(), await snapshots()], [before.images, before.snapshots]);
  });

  test('what somebody else has registered is never taken back', async (t) => {
    const before = await registered();
    await registrar(tempFolder(t)).deregister(yard().site.image, context());
    assert.deepEqual(await registered(), before);
    assert.ok(before.includes(yard().site.image));
  });

  test('IP8: one that a resource is created from stays while the resource has no instance', async (t) => {
    const folder = tempFolder(t);
    const path = join(root, 'package.json');
    const id = await registrar(folder).register(placed(path, 'd'.repeat(64)), context());
    const ec2 = { ...yard().created({ image: id }), port: 80 };
    const used = registrar(folder, {}, { asleep: { provider: 'ec2', ec2 } });
    await assert.rejects(used.deregister(id, context()), { code: 'IMAGE_IN_USE', message: /asleep/ });
    assert.ok((await registered()).includes(id));
    await registrar(folder).deregister(id, context());
    assert.ok(!(await registered()).includes(id));
  });

  test('IP8: one that the arguments of a Pulumi template name stays', async (t) => {
    const folder = tempFolder(t);
    const path = join(root, 'package.json');
    const id = await registrar(folder).register(placed(path, 'e'.repeat(64)), context());
    const args = { region: 'us-east-1', image: id };
    const ours = { template: 'aws-vm', args };
    // A template of somebody's own has names of its own, and its image may come from a file.
    writeFileSync(join(folder, 'image'), id);
    const theirs = { template: './vm.mjs', args: { machines: [{ from: `\${file:image}` }] } };
    for (const pulumi of [ours, theirs]) {
      const stack = { provider: 'pulumi', pulumi, lease: { stretch: 0 } };
      const used = registrar(folder, {}, { stack });
      await assert.rejects(used.deregister(id, context()), { code: 'IMAGE_IN_USE', message: /stack/ });
      assert.ok((await registered()).includes(id));
    }
    const other = { template: 'aws-vm', args: { ...args, image: 'ami-1' } };
    const stack = { provider: 'pulumi', pulumi: other, lease: { stretch: 0 } };
    await registrar(folder, {}, { stack }).deregister(id, context());
    assert.ok(!(await registered()).includes(id));
  });

  test('kernel, ramdisk and the rest of a place’s settings reach the registration', async (t) => {
    const asked: URLSearchParams[] = [];
    const stop = yard().site.faults.decide((call) => {
      if (call.includes('Action=RegisterImage&'))
        asked.push(new URLSearchParams(call.slice(call.indexOf(' ') + 1)));
      return undefined;
    });
    const settings = {
      kernel: 'eki-1',
      ramdisk: 'eri-1',
      rootDevice: '/dev/xvda',
      virtualization: 'paravirtual',
    };
    const path = join(root, 'package.json');
    const paravirtual = registrar(tempFolder(t), settings);
    const id = await paravirtual.register(placed(path, 'f'.repeat(64)), context());
    const plain = await registrar(tempFolder(t)).register(placed(path, '0'.repeat(64)), context());
    stop();
    const [first, second] = asked;
    assert.ok(first && second && asked.length === 2);
    assert.deepEqual(
      ['KernelId', 'RamdiskId', 'RootDeviceName', 'VirtualizationType'].map((key) => first.get(key)),
      ['eki-1', 'eri-1', '/dev/xvda', 'paravirtual'],
    );
    assert.deepEqual([second.get('KernelId'), second.get('RamdiskId')], [null, null]);
    for (const one of [id, plain]) await paravirtual.deregister(one, context());
  });

  test('what the cloud cannot import is told with its words', async (t) => {
    const lost = registrar(tempFolder(t), { upload: ['/bin/echo', 's3://bucket/nothing'] });
    await assert.rejects(lost.register(placed('/nowhere', 'b'.repeat(64)), context()), {
      code: 'IMAGE_REGISTER_FAILED',
      message: /did not import s3:\/\/bucket\/nothing: ClientError/,
    });
    const disk = { ...placed('/nowhere', 'c'.repeat(64)), type: 'qcow2' as const };
    await assert.rejects(registrar(tempFolder(t)).register(disk, context()), { message: /type raw/ });
  });
});
