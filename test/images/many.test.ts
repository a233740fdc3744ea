import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { crowded, SIZE } from './crowd.js';
import { MEGABYTE } from './kit.js';

test('IP7: a hundred resources ask two workers for one image at once: it is fetched once', async () => {
  await crowded(100, async (house, mirror, names) => {
    await Promise.all(names.map((name) => house.resources.wake(name)));
    await eventually('it was fetched', () => mirror.reached === SIZE * MEGABYTE, 60_000);
    assert.equal(mirror.asked, 1);
  });
});
