import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { yardOfSuite } from '../kit/ec2-yard.js';
import { needs } from '../kit/engines.js';

describe('workers that meet at one instance', needs('moto'), () => {
  const yard = yardOfSuite();

  test('two workers that have each created one at another place are left with one', async () => {
    const { site } = yard();
    const settings = { twins: yard().created({ zones: ['us-east-1a', 'us-east-1b'] }) };
    const [one, two] = [yard().worker(settings), yard().worker(settings)];
    const full = { kind: 'refuse', code: 'InsufficientInstanceCapacity', status: 500 } as const;
    site.faults.add(/RunInstances.*Zone=us-east-1a.*=twins/, full, 1);
    const started = await Promise.all([one.boot('twins', 1000), two.boot('twins', 1000)]);
    await eventually('one is left', () => site.alive('twins').length === 1);
    const [left] = site.alive('twins');
    const again = await one.again().boot('twins', 1000);
    assert.equal(again.instance.id, left?.options.id);
    assert.ok(started.some(({ instance }) => instance.id === again.instance.id));
    await one.stop('twins', 1000, 'delete');
    assert.deepEqual(site.of('twins'), []);
  });

  /** The creation of a resource's instance is done only when `release` is called. */
  async function held(name: string, boot: () => Promise<unknown>) {
    const { site } = yard();
    let release = () => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    let isAsked = false;
    site.faults.decide((call) => {
      if (!call.includes('Action=RunInstances') || !call.includes(`=${name}&`) || isAsked) return undefined;
      isAsked = true;
      return { kind: 'hold', until };
    });
    const booted = boot();
    booted.catch(() => {});
    await eventually('the cloud was asked for it', () => isAsked);
    return { booted, release };
  }

  test('what is created while its generation is stopped ends with it', async () => {
    const { site } = yard();
    const host = yard().worker({ late: yard().created() });
    const { booted, release } = await held('late', () => host.boot('late', 1000));
    // Another process of the same host, and done before the cloud has created anything.
    await host.again().stop('late', 1000);
    release();
    await assert.rejects(booted, { code: 'STALE_GENERATION' });
    assert.deepEqual(site.alive('late'), []);
  });

  test('what comes too late from another host is ended beside the next generation', async () => {
    const { site } = yard();
    const settings = { stray: yard().created() };
    const [one, two] = [yard().worker(settings), yard().worker(settings)];
    const death = new AbortController();
    const boot = () => one.boot('stray', 1000, { signal: death.signal });
    const { release } = await held('stray', boot);
    await two.stop('stray', 1000);
    const { instance } = await two.boot('stray', 2000);
    // Its worker has died: what it has asked for comes all the same.
    death.abort();
    release();
    await eventually('both are there', () => site.most.get('stray') === 2);
    const following = new AbortController();
    const followed = two.provider.follow?.(() => {}, { signal: following.signal, heartbeat: () => {} });
    await eventually('one is left', () => site.alive('stray').length === 1);
    assert.equal(site.alive('stray')[0]?.options.id, instance.id);
    following.abort();
    await followed;
    await two.stop('stray', 2000, 'delete');
    await eventually('nothing is left', () => site.of('stray').length === 0);
  });

  test('a generation that was stopped is not started again from another host, though it had ended by itself', async () => {
    const { site } = yard();
    const settings = { ended: yard().created() };
    const [one, two] = [yard().worker(settings), yard().worker(settings)];
    const { instance } = await one.boot('ended', 1000);
    site.guests.get(instance.id)?.crash();
    await eventually('it has stopped', () => site.guests.get(instance.id)?.state === 'stopped');
    await one.stop('ended', 1000);
    await assert.rejects(two.boot('ended', 1000), { code: 'STALE_GENERATION' });
    assert.deepEqual(site.alive('ended'), []);
    await two.boot('ended', 2000);
    await two.stop('ended', 2000, 'delete');
  });

  test('an account whose settings lead nowhere keeps nobody from looking at the others', async () => {
    const credentials = { accessKeyId: 'a', secretAccessKey: '${env:NOBODY_HAS_SET_THIS}' };
    const host = yard().worker({ broken: yard().created({ credentials }), whole: yard().created() });
    await host.boot('whole', 1000);
    assert.deepEqual(await host.listed(), ['whole']);
    await host.stop('whole', 1000, 'delete');
  });
});
