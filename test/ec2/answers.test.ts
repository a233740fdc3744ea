import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { yardOfSuite } from '../kit/ec2-yard.js';
import { needs } from '../kit/engines.js';

describe('what the cloud answers', needs('moto'), () => {
  const yard = yardOfSuite();

  const PLACES = { zones: ['us-east-1a', 'us-east-1b'], type: ['t3.micro', 't3.small'] };
  const refuse = (call: RegExp, code: string, times?: number) =>
    yard().site.faults.add(call, { kind: 'refuse', code }, times);
  const creations = () => yard().site.calls.filter((call) => call === 'RunInstances').length;

  for (const code of ['InsufficientInstanceCapacity', 'InstanceLimitExceeded', 'VcpuLimitExceeded']) {
    test(`${code}: the next zone is tried, then the next type`, async () => {
      const name = code.toLowerCase();
      const host = yard().worker({ [name]: yard().created(PLACES) });
      refuse(new RegExp(`RunInstances.*InstanceType=t3.micro.*=${name}&`), code);
      const before = creations();
      const { instance } = await host.boot(name, 1000);
      assert.equal(creations() - before, 3);
      const guest = yard().site.guests.get(instance.id);
      assert.equal(guest?.isAlive, true);
      await host.stop(name, 1000, 'delete');
    });
  }

  test('where it is to be had nowhere, the wake ends with the name of what is missing', async () => {
    const host = yard().worker({ full: yard().created(PLACES), poor: yard().created(PLACES) });
    refuse(/RunInstances.*=full&/, 'InsufficientInstanceCapacity');
    refuse(/RunInstances.*=poor&/, 'InstanceLimitExceeded');
    await assert.rejects(host.boot('full', 1000), { code: 'CLOUD_NO_CAPACITY' });
    await assert.rejects(host.boot('poor', 1000), { code: 'CLOUD_QUOTA' });
  });

  for (const [code, name] of [
    ['UnauthorizedOperation', 'CLOUD_DENIED'],
    ['AuthFailure', 'CLOUD_DENIED'],
    ['InvalidParameterValue', 'CLOUD_INVALID'],
    ['InvalidSubnetID.NotFound', 'CLOUD_INVALID'],
  ] as const) {
    test(`${code} ends the wake at once, as ${name}, with the cloud's words`, async () => {
      const resource = code.toLowerCase().replace('.', '-');
      const host = yard().worker({ [resource]: yard().created(PLACES) });
      refuse(new RegExp(`RunInstances.*=${resource}&`), code);
      const before = creations();
      await assert.rejects(host.boot(resource, 1000), { code: name, message: new RegExp(code) });
      assert.equal(creations() - before, 1);
    });
  }

  test('throttled for longer than its patience, a wake ends with CLOUD_UNREACHABLE', async () => {
    const host = yard().worker({ throttled: yard().created({ patience: '500ms' }) });
    yard().site.faults.add(/RunInstances.*=throttled&/, { kind: 'throttle' });
    await assert.rejects(host.boot('throttled', 1000), {
      code: 'CLOUD_UNREACHABLE',
      message: /RequestLimitExceeded/,
    });
  });

  test('a spot instance that is taken back while it boots is told as that', async () => {
    const { site } = yard();
    const host = yard().worker({ spot: yard().created({ spot: true }) });
    const { bootMs } = site;
    site.bootMs = 60_000;
    const booted = host.boot('spot', 1000);
    booted.catch(() => {});
    const guest = await eventually('it boots', () => site.of('spot')[0]);
    site.bootMs = bootMs;
    guest.interrupt();
    await assert.rejects(booted, { code: 'INSTANCE_DIED', message: /took the spot instance back/ });
  });

  test('one that ends before any look saw it has died, and is not started again', async () => {
    const { site } = yard();
    const host = yard().worker({ brief: yard().created() });
    let isCreated = false;
    let look = () => {};
    const until = new Promise<void>((resolve) => {
      look = resolve;
    });
    const mend = site.faults.decide((call) => {
      isCreated ||= /RunInstances.*=brief&/.test(call);
      return isCreated && call.includes('Action=DescribeInstances') ? { kind: 'hold', until } : undefined;
    });
    const booted = host.boot('brief', 1000);
    booted.catch(() => {});
    const guest = await eventually('it runs', () => site.of('brief').find(({ runs }) => runs));
    guest.crash();
    await eventually('it has ended', () => guest.state === 'stopped');
    look();
    await assert.rejects(booted, { code: 'INSTANCE_DIED', message: /Instance initiated shutdown/ });
    assert.ok(!site.calls.includes('StartInstances'));
    mend();
  });

  test('one that stays stopped, however often it is told to start, ends the wake', async () => {
    const host = yard().worker({ dull: yard().created() });
    await host.boot('dull', 1000);
    await host.stop('dull', 1000);
    const mend = refuse(/Action=StartInstances/, 'IncorrectInstanceState');
    await assert.rejects(host.boot('dull', 2000), { code: 'INSTANCE_DIED' });
    mend();
  });

  test('the stop of a spot instance is a termination', async () => {
    const host = yard().worker({ spare: yard().created({ spot: { maxPrice: '0.05' } }) });
    await host.boot('spare', 1000);
    await host.stop('spare', 1000);
    assert.deepEqual(yard().site.of('spare'), []);
  });

  test('where hibernation is not to be had, suspend stops', async () => {
    const host = yard().worker({ cold: yard().created() });
    await host.boot('cold', 1000);
    const mend = yard().site.faults.add(/StopInstances.*Hibernate=true/, {
      kind: 'refuse',
      code: 'UnsupportedHibernationConfiguration',
    });
    await host.stop('cold', 1000, 'suspend');
    mend();
    assert.deepEqual(
      yard()
        .site.of('cold')
        .map(({ state, runs }) => [state, runs]),
      [['stopped', false]],
    );
  });

  test('a deleted instance leaves no disk', async () => {
    const host = yard().worker({ disks: yard().created({ disk: { size: '20GB' } }) });
    const before = await yard().site.disks();
    await host.boot('disks', 1000);
    assert.equal((await yard().site.disks()).length, before.length + 1);
    await host.stop('disks', 1000, 'delete');
    assert.deepEqual(await yard().site.disks(), before);
  });

  test('settings that have changed make another instance, and the old one is terminated', async () => {
    const host = yard().worker({ changed: yard().created() });
    const first = await host.boot('changed', 1000);
    await host.stop('changed', 1000);
    const request = { ...host.request('changed', 2000), revision: 'r2' };
    const context = { signal: new AbortController().signal, heartbeat: () => {} };
    const second = await host.provider.boot(request, context);
    assert.notEqual(second.instance.id, first.instance.id);
    assert.deepEqual(
      yard()
        .site.of('changed')
        .map(({ options }) => options.id),
      [second.instance.id],
    );
    await host.stop('changed', 2000, 'delete');
  });

  test('many boots at once share their looks', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `many-${index}`);
    const settings = yard().created({
      interval: '1s',
      credentials: { accessKeyId: 'many', secretAccessKey: '${env:PATH}' },
    });
    const host = yard().worker(Object.fromEntries(names.map((name) => [name, settings])));
    const looks = () => yard().site.calls.filter((call) => call === 'DescribeInstances').length;
    const before = looks();
    await Promise.all(names.map((name) => host.boot(name, 1000)));
    assert.ok(looks() - before < names.length, `${looks() - before} looks for ${names.length} boots`);
    await Promise.all(names.map((name) => host.stop(name, 1000, 'delete')));
  });
});
