import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
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
      await it.house.untilAsleep('site');
      assert.ok(!existsSync(it.house.path('made')), 'destroyed');
      assert.deepEqual(it.state, [], 'neither stack nor lock');
      assert.deepEqual(it.house.beyondParts(), []);
      assert.equal(await it.answer(), 'good morning', 'a wake creates it anew');
    }),
);

test(
  'a lock of somebody else is not taken away: the wake says whose it is, and works once it is gone',
  { ...needs('pulumi'), timeout: 180_000 },
  () =>
    PulumiHouse.live({ template: 'local' }, async (it) => {
      const folder = it.house.path('.reveille/pulumi-state/.pulumi/locks/organization/reveille/site');
      const lock = join(folder, `${randomUUID()}.json`);
      mkdirSync(folder, { recursive: true });
      const since = new Date().toISOString();
      // Of this very host, and of a process that is no more: but none that we have started.
      const holder = { pid: 2 ** 22 + 1, username: 'ann', hostname: hostname(), timestamp: since };
      writeFileSync(lock, JSON.stringify(holder));
      const refused = await it.answer();
      assert.match(refused, /STACK_LOCKED/);
      assert.match(refused, /ann@/);
      assert.ok(existsSync(lock));
      rmSync(lock);
      await eventually('it works', async () => (await it.answer()) === 'hello', 60_000);
    }),
);
