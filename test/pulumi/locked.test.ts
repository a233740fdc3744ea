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
