import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { yardOfSuite } from '../kit/ec2-yard.js';
import { needs } from '../kit/engines.js';

describe('instances that exist without Reveille', needs('moto'), () => {
  const yard = yardOfSuite();

  const made = async (resource: string, tags: Record<string, string> = {}) => {
    const id = await yard().site.create({ RESOURCE: resource }, tags);
    await eventually('it runs', () => stateOf(id) === 'running');
    return id;
  };
  const stateOf = (id: string) => yard().site.guests.get(id)?.state;

  test('one is taken by its id while it runs, stopped, started again, and never terminated', async () => {
    const id = await made('by-id');
    const host = yard().worker({ 'by-id': { instance: id } });
    const first = await host.boot('by-id', 1000);
    assert.deepEqual([first.instance.id, first.adopted], [id, true]);
    assert.deepEqual(await host.listed(), ['by-id']);
    await host.stop('by-id', 1000);
    assert.equal(stateOf(id), 'stopped');
    const second = await host.boot('by-id', 2000);
    assert.deepEqual([second.instance.id, second.adopted], [id, false]);
    assert.equal((await host.inspect('by-id', first.instance)).state, 'gone');
    await host.stop('by-id', 2000, 'delete');
    assert.equal(stateOf(id), 'stopped');
  });

  test('one is found by its tags', async () => {
    const id = await made('by-tags', { Name: 'shop', stage: 'test' });
    await made('other', { Name: 'shop', stage: 'live' });
    const host = yard().worker({ 'by-tags': { find: { Name: 'shop', stage: 'test' } } });
    const { instance } = await host.boot('by-tags', 1000);
    assert.equal(instance.id, id);
    await host.stop('by-tags', 1000);
    const vague = yard().worker({ vague: { find: { Name: 'shop' } } });
    await assert.rejects(vague.boot('vague', 1000), { code: 'BOOT_FAILED', message: /more than one/ });
  });

  test('one that is not there, or no more, is said to be so', async () => {
    const host = yard().worker({ none: { instance: 'i-0123456789abcdef0' }, nor: { find: { Name: 'no' } } });
    for (const name of ['none', 'nor'])
      await assert.rejects(host.boot(name, 1000), {
        code: 'BOOT_FAILED',
        message: /the cloud has no instance/,
      });
  });

  test('that of another Reveille, or of another resource, is left alone', async () => {
    const id = await made('shared');
    const ours = yard().worker({ shared: { instance: id } });
    await ours.boot('shared', 1000);
    const theirs = yard().worker({ shared: { instance: id } }, 'elsewhere');
    await assert.rejects(theirs.boot('shared', 2000), { code: 'BOOT_FAILED', message: /another Reveille/ });
    const second = yard().worker({ shared: { instance: id }, too: { find: { Name: 'x' } } });
    const both = yard().worker({ shared: { find: { Name: 'x' } }, too: { instance: id } });
    await assert.rejects(both.boot('too', 2000), { code: 'BOOT_FAILED', message: /the resource shared/ });
    assert.deepEqual(await second.listed(), ['shared']);
    assert.deepEqual(await theirs.listed(), []);
    await ours.stop('shared', 1000);
  });

  test('two Reveilles in one account create, list and stop their own', async () => {
    const settings = { same: yard().created() };
    const [one, two] = [yard().worker(settings, 'one'), yard().worker(settings, 'two')];
    const [a, b] = await Promise.all([one.boot('same', 1000), two.boot('same', 1000)]);
    assert.notEqual(a.instance.id, b.instance.id);
    await one.stop('same', 1000, 'delete');
    assert.equal(stateOf(b.instance.id), 'running');
    assert.deepEqual([await one.listed(), await two.listed()], [[], ['same']]);
    await two.stop('same', 1000, 'delete');
  });

  test('one that several credentials of an account see is listed once', async () => {
    const id = await made('seen');
    const credentials = { accessKeyId: 'other', secretAccessKey: '${env:PATH}' };
    const host = yard().worker({ seen: { instance: id }, beside: { find: { Name: 'y' }, credentials } });
    await host.boot('seen', 1000);
    assert.deepEqual(await host.listed(), ['seen']);
    await host.stop('seen', 1000);
  });

  test('one whose machine shuts itself down is told of, and started again', async () => {
    const host = yard().worker({ ends: yard().created() });
    const { instance } = await host.boot('ends', 1000);
    const following = new AbortController();
    const told: unknown[] = [];
    const context = { signal: following.signal, heartbeat: () => {} };
    const followed = host.provider.follow?.((change) => told.push(change), context);
    yard().site.guests.get(instance.id)?.crash();
    const [change] = await eventually('it is told', () => told.length > 0 && told);
    following.abort();
    await followed;
    const reason = 'the instance is stopped: Client.InstanceInitiatedShutdown: Instance initiated shutdown';
    assert.deepEqual(change, { kind: 'ended', name: 'ends', generation: 1000, reason });
    const again = await host.boot('ends', 2000);
    assert.equal(again.instance.id, instance.id);
    await host.stop('ends', 2000, 'delete');
  });
});
