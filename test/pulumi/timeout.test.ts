import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { PATIENCE_MS, PulumiHouse } from '../kit/pulumi-house.js';

test(
  'an up that hangs is ended when its time is over and says so, and what it began is removed though it hangs again',
  { ...needs('pulumi'), timeout: 300_000 },
  () =>
    PulumiHouse.live({ template: './slow.cjs', timeout: '20s', grace: '1s' }, async (it) => {
      it.house.allow('go-delete');
      const answer = await it.answer();
      assert.match(answer, /BOOT_FAILED/);
      assert.match(answer, /did not end within pulumi\.timeout/);
      await eventually('it is destroyed', () => it.state.length === 0, PATIENCE_MS);
      assert.ok(!existsSync(it.house.path('made')));
      await eventually('none of its processes is left', () => it.house.beyondParts().length === 0);
    }),
);
