import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { PulumiHouse } from '../kit/pulumi-house.js';

test(
  'the first wake creates what the template says, later ones only start it, and delete destroys it',
  { ...needs('pulumi'), timeout: 180_000 },
  () =>
    PulumiHouse.live({ template: 'local', args: { folder: 'made', message: 'good morning' } }, async (it) => {
      assert.equal(await it.answer(), 'good morning');
      assert.equal(it.count('up'), 1);
      await it.stop();
      assert.deepEqual(it.house.instancesOf('site'), []);
      assert.ok(existsSync(it.house.path('made')), 'asleep, not destroyed');
      assert.equal(await it.answer(), 'good morning');
      assert.equal(it.count('up'), 1, 'Pulumi has no part in waking and sleeping');

      await it.house.resources.remove('site');
      await it.untilAsleep();
      assert.ok(!existsSync(it.house.path('made')), 'destroyed');
      assert.deepEqual(it.state, [], 'neither stack nor lock');
      await eventually('none of its processes is left', () => it.house.beyondParts().length === 0);
    }),
);
