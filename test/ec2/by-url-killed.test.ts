import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import type { Ec2Site } from '../kit/ec2-site.js';
import { needs } from '../kit/engines.js';
import { openSite, UrlHouse } from './url-house.js';

describe('an image by URL whose worker is killed', needs('moto'), () => {
  let opened: Ec2Site | undefined;
  before(async () => {
    opened = await openSite();
  });
  after(() => opened?.close());

  /** Kills the worker while a call of its is on its way. Another host, with a cache of its own, goes on. */
  async function killedIn(call: string, name: string, check: (cloud: UrlHouse) => void): Promise<void> {
    assert.ok(opened);
    const site = opened;
    await UrlHouse.live(site, [name], async (cloud) => {
      const { house, digest } = cloud;
      let release = () => {};
      const until = new Promise<void>((resolve) => {
        release = resolve;
      });
      let held = 0;
      const end = site.faults.decide((one) => {
        if (!one.includes(`Action=${call}&`)) return undefined;
        held += 1;
        return { kind: 'hold', until };
      });
      try {
        const answer = cloud.read(name);
        answer.catch(() => {});
        await eventually(`${call} is on its way`, () => held > 0, 120_000);
        await house.worker.end('SIGKILL');
        await house.startWorker('worker two', { top: { state: 'another-host' } });
        end();
        release();
        await answer;
      } finally {
        end();
        release();
      }
      assert.equal((await cloud.registered()).length, 1);
      assert.deepEqual(cloud.imported(), [digest]);
      assert.deepEqual([site.alive(name).length, site.most.get(name)], [1, 1]);
      check(cloud);
    });
  }

  test('in the import: another one waits for the same import, and there is one image', () =>
    killedIn('DescribeImportSnapshotTasks', 'importing', () => {}));

  test('between import and boot: another one finds the image, and fetches nothing', () =>
    killedIn('RunInstances', 'booting', ({ mirror }) => assert.equal(mirror.requests.get('disk'), 1)));
});
