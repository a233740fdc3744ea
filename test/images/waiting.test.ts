import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewOf } from '../../proxy/waiting/view.js';

test('IPF1: who waits in a browser sees how far the image is', () => {
  const image = { step: 'fetching', bytes: 12_300_000, total: 41_000_000 } as const;
  const progress = { since: Date.now(), steps: [], image };
  const view = viewOf('web', { phase: 'imaging', progress, waitedMs: 1000 }, false);
  assert.match(view.timing, /Its image: fetching, 12\.3 of 41\.0 MB\.$/);
  assert.equal(view.percent, 30);
  const { total: _, ...unknown } = image;
  const without = viewOf(
    'web',
    { phase: 'imaging', progress: { ...progress, image: unknown }, waitedMs: 1000 },
    false,
  );
  assert.match(without.timing, /Its image: fetching, 12\.3 MB\.$/);
  assert.equal(without.percent, undefined);
});
