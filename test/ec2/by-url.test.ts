import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Ec2Site } from '../kit/ec2-site.js';
import { needs } from '../kit/engines.js';
import { openSite, UrlHouse } from './url-house.js';

describe('instances from an image by URL', needs('moto'), () => {
  let site: Ec2Site | undefined;
  before(async () => {
    site = await openSite();
  });
  after(() => site?.close());

  test('it is fetched, imported and registered once for all that name it, asleep and awake again', () => {
    assert.ok(site);
    const { guests } = site;
    return UrlHouse.live(site, ['one', 'two'], async (cloud) => {
      const { house, mirror, digest } = cloud;
      const first = await cloud.read('one');
      const [id = '', ...others] = await cloud.registered();
      assert.match(id, /^ami-/);
      assert.deepEqual([others, cloud.imported()], [[], [digest]]);
      assert.notEqual(await cloud.read('two'), first);
      await house.resources.stop('one', { then: 'delete', reason: 'test' });
      await house.untilAsleep('one');
      await cloud.read('one');
      assert.deepEqual((await cloud.madeFrom(id)).sort(), [...guests.keys()].sort());
      assert.deepEqual([await cloud.registered(), cloud.imported()], [[id], [digest]]);
      assert.equal(mirror.requests.get('disk'), 1);
    });
  });
});
