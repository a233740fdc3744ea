import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { Bench } from './bench.js';

const SETTLED = { backend: {} };

test('VP12: what is not there is inserted, and the boot ends when the operation has and the machine runs', () =>
  Bench.live(async (bench) => {
    const { instance, adopted } = await bench.worker(SETTLED).boot(1000);
    assert.equal(bench.machine.status, 'RUNNING');
    assert.deepEqual(instance.endpoint, { host: bench.machine.external, port: 80 });
    assert.equal(adopted, false);
    assert.deepEqual(
      bench.compute.asked.filter((name) => name !== 'zoneOperations.wait'),
      ['instances.get', 'instances.insert', 'instances.get'],
    );
    assert.ok(bench.beats.some((said) => /^insert \d+ %$/.test(said)));
  }));

test('VP12: what runs already is taken over, and nothing is started', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker(SETTLED);
    const first = await worker.boot(1000);
    const second = await worker.boot(2000);
    assert.equal(second.adopted, true);
    assert.deepEqual(second.instance, { ...first.instance, generation: 2000 });
    assert.equal(bench.compute.count('instances.insert') + bench.compute.count('instances.start'), 1);
    assert.equal((await worker.inspect(first.instance)).state, 'gone');
  }));

test('VP13: a TERMINATED machine is started again, at whatever address it then has', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker(SETTLED);
    const first = await worker.boot(1000);
    await worker.stop(1000);
    assert.equal(bench.machine.status, 'TERMINATED');
    const second = await worker.boot(2000);
    assert.equal(second.adopted, false);
    assert.equal(second.instance.id, first.instance.id);
    assert.notEqual(second.instance.endpoint.host, first.instance.endpoint.host);
    assert.equal(bench.compute.count('instances.start'), 1);
  }));

test('VP13, VPF5: a SUSPENDED machine is resumed', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker(SETTLED);
    await worker.boot(1000);
    await worker.stop(1000, 'suspend');
    assert.equal(bench.machine.status, 'SUSPENDED');
    const { adopted } = await worker.boot(2000);
    assert.equal(adopted, false);
    assert.equal(bench.machine.status, 'RUNNING');
    assert.equal(bench.compute.count('instances.resume'), 1);
  }));

for (const status of ['PROVISIONING', 'STAGING', 'STOPPING', 'SUSPENDING', 'REPAIRING']) {
  test(`VP13: a machine that is ${status} is waited for`, () =>
    Bench.live(async (bench) => {
      const worker = bench.worker(SETTLED);
      await worker.boot(1000);
      bench.machine.status = status;
      const booting = worker.boot(2000);
      await eventually('it waits', () => bench.beats.includes(`the machine is ${status}`));
      assert.equal(bench.compute.count('instances.setLabels'), 0);
      bench.machine.status = 'RUNNING';
      assert.equal((await booting).adopted, true);
    }));
}

test('VP16: stop keeps the machine, and ends when it is off', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker(SETTLED);
    const { instance } = await worker.boot(1000);
    await worker.stop(1000);
    assert.equal(bench.machine.status, 'TERMINATED');
    assert.equal((await worker.inspect(instance)).state, 'stopped');
  }));

test('VP17: delete removes the machine with its disks, and ends when it is gone', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker(SETTLED);
    const { instance } = await worker.boot(1000);
    await worker.stop(1000, 'delete');
    assert.deepEqual(bench.compute.project.machines, []);
    assert.equal((await worker.inspect(instance)).state, 'gone');
    await worker.stop(1000, 'delete');
  }));

test('VP17: whether it runs, and at which address, can be asked', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker(SETTLED);
    const { instance } = await worker.boot(1000);
    assert.deepEqual(await worker.inspect(instance), { state: 'running', instance });
    const [found] = await worker.provider.list(worker.context());
    assert.deepEqual(found, { name: 'backend', state: 'running', instance });
    assert.deepEqual(await worker.provider.kept(worker.context()), ['backend']);
  }));

test('a machine that is in no state to be suspended is stopped', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker(SETTLED);
    await worker.boot(1000);
    bench.compute.add({ method: /suspend/, how: { status: 400, reason: 'invalid' } });
    await worker.stop(1000, 'suspend');
    assert.equal(bench.machine.status, 'TERMINATED');
  }));

test('a stop of an operation that failed, or of a machine that was started again by hand, is asked for anew', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker(SETTLED);
    await worker.boot(1000);
    bench.compute.project.fail('stop', 'INTERNAL_ERROR', { times: 2 });
    await worker.stop(1000);
    assert.equal(bench.machine.status, 'TERMINATED');
    await bench.compute.project.start(bench.machine, null).done;
    await worker.stop(1000);
    assert.equal(bench.machine.status, 'TERMINATED');
  }));

test('a machine that exists without Reveille is used where it is named, and stopped instead of deleted', () =>
  Bench.live(async (bench) => {
    const spec = { name: 'mine', networkInterfaces: [{ accessConfigs: [{}] }], labels: { own: 'label' } };
    await bench.compute.project.insert('us-central1-a', spec, null).done;
    const worker = bench.worker({ backend: { gce: { name: 'mine' } } });
    assert.equal((await worker.boot(1000)).adopted, true);
    assert.equal(bench.machine.labels.own, 'label');
    await worker.stop(1000, 'delete');
    assert.equal(bench.machine.status, 'TERMINATED');
    assert.equal((await worker.boot(2000)).adopted, false);
    assert.deepEqual(await worker.provider.kept(worker.context()), []);
  }));

test('a machine of somebody else with its name is left alone, and the boot says so', () =>
  Bench.live(async (bench) => {
    await bench.compute.project.insert('us-central1-a', { name: 'backend' }, null).done;
    const worker = bench.worker(SETTLED);
    await assert.rejects(worker.boot(1000), { code: 'BOOT_FAILED', message: /not of this resource/ });
    await worker.stop(1000, 'delete');
    assert.equal(bench.machine.status, 'RUNNING');
    assert.deepEqual(bench.machine.labels, {});
  }));

test('adopting takes what is ours, and nothing else that somebody names', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker({ backend: {}, other: {} });
    const { instance } = await worker.boot(1000);
    const adopt = (name: string, generation: number, id = instance.id) =>
      worker.provider.adopt(worker.request(generation, name), { ...instance, id }, worker.context());
    assert.equal((await adopt('other', 2000)).state, 'gone');
    assert.equal((await adopt('backend', 2000, 'us-central1-a/../x')).state, 'gone');
    assert.deepEqual(await adopt('backend', 2000), {
      state: 'running',
      instance: { ...instance, generation: 2000 },
    });
    assert.equal((await adopt('backend', 1500)).state, 'gone');
  }));

test('the network interface and the address that are reached are a choice', () =>
  Bench.live(async (bench) => {
    const internal = bench.worker({ backend: { gce: { reach: 'internal', port: 8080 } } });
    const { instance } = await internal.boot(1000);
    assert.deepEqual(instance.endpoint, { host: bench.machine.internal, port: 8080 });
    bench.machine.inserted.networkInterfaces?.push({ networkIP: '10.0.0.7' });
    const second = bench.worker({ backend: { gce: { reach: 'internal', networkInterface: 1 } } });
    assert.equal((await second.boot(2000)).instance.endpoint.host, '10.0.0.7');
    const none = bench.worker({ backend: { gce: { networkInterface: 2 } } });
    await assert.rejects(none.boot(3000), { code: 'BOOT_FAILED', message: /network interface 2/ });
  }));

test('the end of the serial port’s output is the log, without secrets', () =>
  Bench.live(async (bench) => {
    process.env.GCE_TEST_SECRET = 'a secret';
    const startupScript = 'echo first; echo "then a secret"; exec sleep 1000 # ${env:GCE_TEST_SECRET}';
    const worker = bench.worker({ backend: { gce: { startupScript } } });
    await worker.boot(1000);
    const tail = () => worker.provider.logTail(worker.request(1000), 1000);
    await eventually('it has said all', async () => (await tail()) === 'first\nthen ***\n');
    assert.equal(await worker.provider.logTail(worker.request(1000), 9), 'then ***\n');
  }));

test('a boot or a stop of an older generation, late and on another host, changes nothing', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker(SETTLED);
    const { instance } = await worker.boot(2000);
    const late = bench.worker(SETTLED, 'two');
    await assert.rejects(late.boot(1000), { code: 'STALE_GENERATION', younger: 2000 });
    await late.stop(1000);
    assert.deepEqual(await worker.inspect(instance), { state: 'running', instance });
  }));

test('what a member of a pool was made from is found again with its machine', () =>
  Bench.live(async (bench) => {
    const pool = { key: ['{pr}'] };
    const worker = bench.worker({ preview: { pool, routes: [{ host: '{pr}.preview.example.org' }] } });
    const request = { ...worker.request(1000, 'preview'), name: 'preview--7', params: { pr: '7' } };
    await worker.provider.boot(request, worker.context());
    assert.equal(bench.machine.inserted.name, 'preview--7');
    const [found] = await worker.provider.list(worker.context());
    assert.deepEqual([found?.name, found?.params], ['preview--7', { pr: '7' }]);
  }));

test('each credentials of a project look for themselves, and a machine that several see is listed once', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker({ backend: {}, other: { gce: { credentials: './other.json' } } });
    const { instance } = await worker.boot(1000);
    bench.compute.asked.length = 0;
    const found = await worker.provider.list(worker.context());
    assert.deepEqual(
      found.map((one) => one.instance.id),
      [instance.id],
    );
    assert.equal(bench.compute.count('instances.aggregatedList'), 2);
  }));
