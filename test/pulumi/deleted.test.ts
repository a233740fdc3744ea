import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { PulumiHouse } from '../kit/pulumi-house.js';

const SLOW = { template: './slow.cjs' };

test(
  'deleted after an up that was cut off, nothing of it is left, even what the engine had not written down',
  { ...needs('pulumi'), timeout: 300_000 },
  () =>
    PulumiHouse.live(SLOW, async (it) => {
      const { house } = it;
      const asked = it.answer();
      await it.begun('create');
      await it.killAll();
      await house.resources.remove('site');
      house.allow('go-create');
      house.allow('go-delete');
      await house.startWorker();
      await it.untilAsleep();
      assert.match(await asked, /STOPPED/);
      assert.ok(!existsSync(house.path('made')));
      assert.deepEqual(it.state, []);
      await eventually('none of its processes is left', () => house.beyondParts().length === 0);
    }),
);
