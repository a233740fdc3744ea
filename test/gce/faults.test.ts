import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change } from '../../activities/providers/contract.js';
import { eventually } from '../kit/conditions.js';
import { Bench, type Worker } from './bench.js';

const SETTLED = { backend: {} };

test('VPF2: a preempted machine is seen to be, and started again by the next boot', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker(SETTLED);
    const { instance } = await worker.boot(1000);
    await bench.compute.project.preempt(bench.machine);
    const seen = await worker.inspect(instance);
    assert.deepEqual(
      [seen.state, 'reason' in seen && seen.reason],
      ['stopped', 'Compute Engine has taken the machine away (preempted)'],
    );
    const next = await worker.boot(2000);
    assert.equal(bench.machine.status, 'RUNNING');
    assert.notEqual(next.instance.endpoint.host, instance.endpoint.host);
  }));

test('VPF2: a preempted machine is told of although nobody asks for it', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker({ backend: { gce: { interval: '50ms' } }, other: {} });
    await worker.boot(1000);
    await worker.boot(1000, 'other');
    const told: Change[] = [];
    const ended = new AbortController();
    const following = worker.provider.follow((change) => told.push(change), worker.context(ended.signal));
    try {
      await bench.compute.project.preempt(bench.compute.project.find('us-central1-a', 'backend'));
      const [change] = await eventually('it is told', () => told.length > 0 && told);
      assert.ok(change?.kind === 'ended');
      assert.deepEqual([change.name, change.generation], ['backend', 1000]);
      assert.match(change.reason, /^the machine is (STOPPING|TERMINATED)$/);
    } finally {
      ended.abort();
      await following;
    }
    assert.equal(told.length, 1);
  }));

test('VPF2: a machine that is preempted while it boots fails the boot with why', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker(SETTLED);
    const { instance } = await worker.boot(1000);
    const watching = worker.provider.watch(worker.request(1000), instance, worker.context());
    await bench.compute.project.preempt(bench.machine);
    assert.match((await watching)?.reason ?? '', /preempted|STOPPING/);
    // The same generation starts nothing again.
    await assert.rejects(worker.boot(1000), { code: 'INSTANCE_DIED' });
    assert.equal(bench.machine.status, 'TERMINATED');
  }));

for (const [status, reason, code] of [
  [403, 'forbidden', 'CLOUD_DENIED'],
  [401, 'authError', 'CLOUD_DENIED'],
  [400, 'invalid', 'CLOUD_INVALID'],
  [503, 'backendError', 'CLOUD_UNREACHABLE'],
] as const) {
  test(`VPF3: a look-up that is answered with ${status} inserts nothing, and is told as ${code}`, () =>
    Bench.live(async (bench) => {
      bench.compute.add({ method: /^instances\.get$/, how: { status, reason } });
      const worker = bench.worker({ backend: { gce: { patience: '300ms' } } });
      await assert.rejects(worker.boot(1000), { code });
      assert.deepEqual(bench.compute.inserted, []);
    }));
}

for (const [error, code] of [
  ['QUOTA_EXCEEDED', 'CLOUD_QUOTA'],
  ['ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS', 'CLOUD_NO_CAPACITY'],
  ['PERMISSIONS_ERROR', 'CLOUD_DENIED'],
  ['RESOURCE_NOT_FOUND', 'CLOUD_INVALID'],
  ['SOMETHING_NEW', 'BOOT_FAILED'],
] as const) {
  test(`VPF4: an operation that fails with ${error} fails the boot as ${code}, and leaves nothing`, () =>
    Bench.live(async (bench) => {
      bench.compute.project.fail('insert', error);
      const booting = bench.worker(SETTLED).boot(1000);
      await assert.rejects(booting, { code, message: /insert failed: the test lets it fail/ });
      assert.deepEqual(bench.compute.project.machines, []);
    }));
}

test('VPF4: a start that fails is told, and the next generation asks for it anew', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker(SETTLED);
    await worker.boot(1000);
    await worker.stop(1000);
    bench.compute.project.fail('start', 'ZONE_RESOURCE_POOL_EXHAUSTED');
    await assert.rejects(worker.boot(2000), { code: 'CLOUD_NO_CAPACITY' });
    await worker.boot(3000);
    assert.equal(bench.machine.status, 'RUNNING');
  }));

test('VPF4: a mistake of the cloud’s own is tried again within the boot', () =>
  Bench.live(async (bench) => {
    bench.compute.project.fail('insert', 'INTERNAL_ERROR', { times: 2 });
    await bench.worker(SETTLED).boot(1000);
    assert.equal(bench.machine.status, 'RUNNING');
    assert.equal(bench.compute.count('instances.insert'), 3);
  }));

test('VPF6: workers of several hosts that boot at once make one machine', () =>
  Bench.live(async (bench) => {
    const hosts = ['one', 'two', 'three', 'four'].map((host) => bench.worker(SETTLED, host));
    const booted = await Promise.all(hosts.map((worker) => worker.boot(1000)));
    assert.equal(new Set(booted.map(({ instance }) => JSON.stringify(instance))).size, 1);
    assert.equal(bench.machine.status, 'RUNNING');
  }));

test('VPF6: workers of several hosts that start one again do it once', () =>
  Bench.live(async (bench) => {
    const hosts = ['one', 'two', 'three', 'four'].map((host) => bench.worker(SETTLED, host));
    const [first] = hosts;
    await first?.boot(1000);
    await first?.stop(1000);
    const booted = await Promise.all(hosts.map((worker) => worker.boot(2000)));
    assert.equal(new Set(booted.map(({ instance }) => JSON.stringify(instance))).size, 1);
    const starts = bench.compute.project.operations.filter(({ type }) => type === 'start');
    assert.equal(starts.length, 1);
  }));

test('VPF6: a machine that another host has made too late, in another zone, ends with the next generation', () =>
  Bench.live(async (bench) => {
    // Neither sees the other's zone: as if one had been paused between its look and its call.
    await bench.worker({ backend: { gce: { zone: 'us-central1-b' } } }, 'two').boot(1000);
    await bench.worker(SETTLED).boot(2000);
    const worker = bench.worker({ backend: { gce: { zones: ['us-central1-b'] } } });
    await worker.stop(2000);
    const states = bench.compute.project.machines.map(({ zone, status }) => `${zone} ${status}`);
    assert.deepEqual(states.sort(), ['us-central1-a TERMINATED', 'us-central1-b TERMINATED']);
  }));

const zones = ['us-central1-b', 'europe-west1-b'];
const booted = (worker: Worker) => worker.boot(1000).then(({ instance }) => instance.id.split('/')[0]);

test('without capacity in a zone, the next of the list is tried; a quota is the whole region’s', async () => {
  await Bench.live(async (bench) => {
    const { project } = bench.compute;
    project.fail('insert', 'ZONE_RESOURCE_POOL_EXHAUSTED', { zone: 'us-central1-a' });
    const worker = bench.worker({ backend: { gce: { zones } } });
    assert.equal(await booted(worker), 'us-central1-b');
    // Where it is, it stays: its disk is there.
    await worker.stop(1000);
    const { instance } = await worker.boot(2000);
    assert.match(instance.id, /^us-central1-b\//);
    assert.equal(project.machines.length, 1);
  });
  await Bench.live(async (bench) => {
    bench.compute.project.fail('insert', 'QUOTA_EXCEEDED', { zone: 'us-central1-a' });
    assert.equal(await booted(bench.worker({ backend: { gce: { zones } } })), 'europe-west1-b');
    assert.deepEqual(
      bench.compute.inserted.map(({ zone }) => zone),
      ['us-central1-a', 'europe-west1-b'],
    );
  });
});

test('without capacity anywhere the boot fails by that name', () =>
  Bench.live(async (bench) => {
    bench.compute.project.fail('insert', 'ZONE_RESOURCE_POOL_EXHAUSTED', { times: 3 });
    const worker = bench.worker({ backend: { gce: { zones } } });
    await assert.rejects(worker.boot(1000), { code: 'CLOUD_NO_CAPACITY' });
    assert.equal(bench.compute.inserted.length, 3);
  }));

for (const how of ['lose', 'drop'] as const) {
  test(`answers that the network ${how === 'lose' ? 'loses' : 'never asks for'} make no second machine, and leave none`, () =>
    Bench.live(async (bench) => {
      const worker = bench.worker(SETTLED);
      const method = /insert|start|stop|setLabels|wait/;
      const mend = bench.compute.add({ method, how, times: 2 });
      await worker.boot(1000);
      bench.compute.add({ method, how, times: 2 });
      await worker.stop(1000);
      bench.compute.add({ method, how, times: 4 });
      await worker.boot(2000);
      mend();
      assert.equal(bench.machine.status, 'RUNNING');
      const done = bench.compute.project.operations.map(({ type }) => type);
      assert.deepEqual(done, ['insert', 'stop', 'setLabels', 'start']);
      bench.compute.add({ method: /delete/, how, times: 2 });
      await worker.stop(2000, 'delete');
      assert.deepEqual(bench.compute.project.machines, []);
    }));
}

test('throttled and failing calls are tried again, and Retry-After is heeded', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker(SETTLED);
    for (const how of [
      { status: 429, reason: 'rateLimitExceeded', retryAfter: 0 },
      { status: 403, reason: 'rateLimitExceeded' },
      { status: 503, reason: 'backendError' },
    ]) {
      bench.compute.add({ method: /./, how, times: 2 });
    }
    await worker.boot(1000);
    assert.equal(bench.machine.status, 'RUNNING');
  }));

test('a cloud that is throttled for longer than patience is told by its name', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker({ backend: { gce: { patience: '1s' } } });
    bench.compute.add({ method: /insert/, how: { status: 429, reason: 'rateLimitExceeded' } });
    await assert.rejects(worker.boot(1000), { code: 'CLOUD_UNREACHABLE', message: /rateLimitExceeded/ });
  }));

test('a boot that is called off ends at once, whatever it waits for', () =>
  Bench.live(async (bench) => {
    const worker = bench.worker(SETTLED);
    await worker.boot(1000);
    bench.machine.status = 'REPAIRING';
    const calledOff = new AbortController();
    const request = worker.request(2000);
    const booting = worker.provider.boot(request, worker.context(calledOff.signal));
    await eventually('it waits', () => bench.beats.includes('the machine is REPAIRING'));
    calledOff.abort(new Error('called off'));
    await assert.rejects(booting, /called off/);
    bench.machine.status = 'RUNNING';
  }));
