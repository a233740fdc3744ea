import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { PATIENCE_MS, PulumiHouse } from '../kit/pulumi-house.js';

test(
  'a first up that fails is told with its reason, and what it had created is removed',
  { ...needs('pulumi'), timeout: 180_000 },
  () =>
    PulumiHouse.live({ template: './half.cjs' }, async (it) => {
      const answer = await it.answer();
      assert.match(answer, /BOOT_FAILED/);
      assert.match(answer, /no output `provider`/);
      await eventually('it is destroyed', () => it.state.length === 0, PATIENCE_MS);
      assert.equal(it.count('destroy'), 1);
      assert.ok(!existsSync(it.house.path('made')));
    }),
);
