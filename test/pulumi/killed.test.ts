import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { needs } from '../kit/engines.js';
import { PulumiHouse } from '../kit/pulumi-house.js';

const SLOW = { template: './slow.cjs' };

test(
  'killed in the middle of up, the same wake goes on; killed in the middle of destroy, so does that, and nothing is left',
  { ...needs('pulumi'), timeout: 300_000 },
  () =>
    PulumiHouse.live(SLOW, async (it) => {
      const { house } = it;
      const asked = it.answer();
      await it.begun('create');
      assert.equal(it.locks.length, 1, 'the engine holds the stack');
      await it.killAll();
      assert.equal(it.locks.length, 1, 'and its lock is left');

      house.allow('go-create');
      await house.startWorker();
      assert.equal(await asked, 'up');
      assert.deepEqual(it.locks, []);

      await house.resources.remove('site');
      await it.begun('delete');
      await it.killAll();
      assert.equal(it.locks.length, 1);
      house.allow('go-delete');
      await house.startWorker();
      await it.untilAsleep();
      assert.deepEqual(it.state, [], 'neither stack nor lock');
      assert.ok(!existsSync(house.path('made')));

      assert.equal(await it.answer(), 'up', 'the next wake creates it anew');
    }),
);
