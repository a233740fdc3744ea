import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { Bench } from './bench.js';

/** What a machine is inserted with that is booted with these settings. */
async function inserted(gce: object): Promise<Record<string, unknown>> {
  let spec = {};
  await Bench.live(async (bench) => {
    await bench.worker({ backend: { gce } }).boot(1000);
    ({ spec } = bench);
  });
  return spec;
}

const items = ({ metadata }: Record<string, unknown>) =>
  Object.fromEntries(
    (metadata as { items: { key: string; value: string }[] }).items.map(({ key, value }) => [key, value]),
  );

test('VP1: the machine has its name and zone, and a second boot makes no second one', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker({ backend: {}, other: { gce: { name: 'another-name' } } });
    const { instance } = await worker.boot(1000);
    await worker.boot(2000);
    assert.equal(bench.machine.inserted.name, 'backend');
    assert.equal(instance.id, `us-central1-a/${bench.machine.id}`);
    await worker.boot(1000, 'other');
    assert.equal(bench.spec.name, 'another-name');
  }));

test('a resource whose name is none for a machine has one made of it', async () => {
  await Bench.live(async (bench) => {
    const long = `0${'a'.repeat(62)}`;
    const worker = bench.worker({ '7up': {}, [long]: {} });
    await worker.boot(1000, '7up');
    assert.equal(bench.spec.name, 'vm-7up');
    await worker.boot(1000, long);
    assert.match(String(bench.spec.name), /^vm-0a+-[0-9a-f]{16}$/);
    assert.equal(String(bench.spec.name).length, 63);
  });
});

test('VP2: the image is Debian’s by default, one of Debian’s by a short name, or any by its URL', async () => {
  const imageOf = async (gce: object) => {
    const { disks } = await inserted(gce);
    return (disks as { initializeParams: { sourceImage: string } }[])[0]?.initializeParams.sourceImage;
  };
  assert.equal(await imageOf({}), 'projects/debian-cloud/global/images/family/debian-12');
  const short = 'debian-12-bookworm-v20250610';
  assert.equal(await imageOf({ image: short }), `projects/debian-cloud/global/images/${short}`);
  assert.equal(await imageOf({ image: 'global/images/mine' }), 'global/images/mine');
  const url = 'https://www.googleapis.com/compute/v1/projects/some-project/global/images/mine';
  assert.equal(await imageOf({ image: url }), url);
});

test('VP3: the machine type is n1-standard-1 by default', async () => {
  assert.equal((await inserted({})).machineType, 'zones/us-central1-a/machineTypes/n1-standard-1');
  const { machineType } = await inserted({ machineType: 'e2-small' });
  assert.equal(machineType, 'zones/us-central1-a/machineTypes/e2-small');
});

test('VP4: tags are http-server by default', async () => {
  assert.deepEqual((await inserted({})).tags, { items: ['http-server'] });
  assert.deepEqual((await inserted({ tags: ['a', 'b'] })).tags, { items: ['a', 'b'] });
});

test('VP5: metadata, a startup script and the URL of one reach the machine', async () => {
  process.env.GCE_TEST_SECRET = 'a secret';
  const spec = await inserted({
    metadata: { color: 'blue', token: '${env:GCE_TEST_SECRET}' },
    startupScript: 'exec sleep 1000',
    startupScriptUrl: 'gs://bucket/script.sh',
  });
  assert.deepEqual(items(spec), {
    color: 'blue',
    token: 'a secret',
    'startup-script': 'exec sleep 1000',
    'startup-script-url': 'gs://bucket/script.sh',
  });
});

test('VP6: the boot disk has the image’s size and goes with the machine, unless told otherwise', async () => {
  const diskOf = async (gce: object) => {
    const [disk] = (await inserted(gce)).disks as { initializeParams: Record<string, string> }[];
    assert.ok(disk);
    const { initializeParams, ...rest } = disk;
    return { ...rest, size: initializeParams.diskSizeGb, type: initializeParams.diskType };
  };
  const byDefault = { boot: true, autoDelete: true, size: undefined, type: undefined };
  assert.deepEqual(await diskOf({}), byDefault);
  assert.deepEqual(await diskOf({ disk: { size: '20GiB', type: 'pd-ssd', autoDelete: false } }), {
    boot: true,
    autoDelete: false,
    size: '20',
    type: 'zones/us-central1-a/diskTypes/pd-ssd',
  });
});

test('VP7: machines are preemptible by default, and standard where it is said', async () => {
  const byDefault = (await inserted({})).scheduling as Record<string, unknown>;
  assert.deepEqual([byDefault.preemptible, byDefault.provisioningModel], [true, 'SPOT']);
  assert.deepEqual([byDefault.automaticRestart, byDefault.onHostMaintenance], [false, 'TERMINATE']);
  const old = (await inserted({ provisioning: 'preemptible' })).scheduling as Record<string, unknown>;
  assert.deepEqual([old.preemptible, old.provisioningModel], [true, undefined]);
  const standard = (await inserted({ provisioning: 'standard' })).scheduling as Record<string, unknown>;
  assert.deepEqual([standard.preemptible, standard.onHostMaintenance], [false, 'MIGRATE']);
});

test('GPUs are attached, and what has any is never told to be moved to another host', async () => {
  const spec = await inserted({
    provisioning: 'standard',
    accelerators: { type: 'nvidia-tesla-t4', count: 2 },
  });
  const acceleratorType = 'zones/us-central1-a/acceleratorTypes/nvidia-tesla-t4';
  assert.deepEqual(spec.guestAccelerators, [{ acceleratorType, acceleratorCount: 2 }]);
  const moved = async (gce: object) =>
    ((await inserted({ provisioning: 'standard', ...gce })).scheduling as Record<string, unknown>)
      .onHostMaintenance;
  assert.equal((spec.scheduling as Record<string, unknown>).onHostMaintenance, 'TERMINATE');
  assert.equal(await moved({ machineType: 'g2-standard-4' }), 'TERMINATE');
  assert.equal(await moved({ machineType: 'e2-small' }), 'MIGRATE');
  assert.equal(await moved({ onHostMaintenance: 'terminate' }), 'TERMINATE');
});

test('VP8: no scopes by default; with scopes the service account is the project’s default', async () => {
  assert.equal((await inserted({})).serviceAccounts, undefined);
  const prefix = 'https://www.googleapis.com/auth';
  const { serviceAccounts } = await inserted({ scopes: ['devstorage.read_only', `${prefix}/pubsub`] });
  assert.deepEqual(serviceAccounts, [
    { email: 'default', scopes: [`${prefix}/devstorage.read_only`, `${prefix}/pubsub`] },
  ]);
  const own = await inserted({ serviceAccount: 'me@some-project.iam.gserviceaccount.com' });
  assert.deepEqual(own.serviceAccounts, [
    { email: 'me@some-project.iam.gserviceaccount.com', scopes: [`${prefix}/cloud-platform`] },
  ]);
});

test('VP9: the default network with an external address, unless told otherwise', async () => {
  const networkOf = async (gce: object) => ((await inserted(gce)).networkInterfaces as object[])[0];
  const access = { type: 'ONE_TO_ONE_NAT', name: 'External NAT' };
  assert.deepEqual(await networkOf({}), { network: 'global/networks/default', accessConfigs: [access] });
  const inner = { network: 'mine', subnetwork: 'sub', externalAddress: 'none', reach: 'internal' };
  assert.deepEqual(await networkOf(inner), {
    network: 'global/networks/mine',
    subnetwork: 'regions/us-central1/subnetworks/sub',
  });
  assert.deepEqual(await networkOf({ externalAddress: '127.9.9.9' }), {
    network: 'global/networks/default',
    accessConfigs: [{ ...access, natIP: '127.9.9.9' }],
  });
});

test('VP20: a container is told to the machine by metadata, as a unit of systemd that cloud-init writes', async () => {
  process.env.GCE_TEST_SECRET = 'a secret';
  const container = {
    image: 'gcr.io/some-project/app:1',
    command: ['serve', '--title', 'a "b" $c 100%'],
    env: { TOKEN: '${env:GCE_TEST_SECRET}' },
  };
  const spec = await inserted({ container, port: 8080 });
  const [disk] = spec.disks as { initializeParams: { sourceImage: string } }[];
  assert.match(disk?.initializeParams.sourceImage ?? '', /^projects\/cos-cloud\//);
  const text = items(spec)['user-data'] ?? '';
  assert.ok(text.startsWith('#cloud-config\n'));
  const { write_files, runcmd } = parse(text) as {
    write_files: { path: string; content: string; permissions: string }[];
    runcmd: string[];
  };
  const [unit, env] = write_files;
  assert.match(
    unit?.content ?? '',
    /^ExecStart="\/usr\/bin\/docker" "run" .*"gcr\.io\/some-project\/app:1" /m,
  );
  assert.ok(unit?.content.includes('"serve" "--title" "a \\"b\\" $$c 100%%"'));
  assert.deepEqual([env?.content, env?.permissions], ['TOKEN=a secret\n', '0600']);
  assert.ok(!unit?.content.includes('secret'));
  assert.ok(runcmd.some((line) => /--dport 8080 /.test(line)));
});

test('what a container’s environment file cannot hold fails the boot', () =>
  Bench.live(async (bench) => {
    const container = { image: 'i', env: { TWO: 'a\nb' } };
    const boot = bench.worker({ backend: { gce: { container } } }).boot(1000);
    await assert.rejects(boot, {
      code: 'BOOT_FAILED',
      message: /container\.env\.TWO has more than one line/,
    });
  }));
