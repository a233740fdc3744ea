import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WaitState } from '../../proxy/gate-contract.js';
import { UsualWakes } from '../../proxy/usual.js';
import { viewOf } from '../../proxy/waiting/view.js';

const ago = (ms: number) => Date.now() - ms;
const usual = { totalMs: 30_000, steps: ['image', 'boot'] as const };

test('what usually happens is the median of the last wakes, images left out', () => {
  const wakes = new UsualWakes();
  assert.equal(wakes.of('app'), undefined);
  for (const took of [4000, 90_000, 5000]) {
    wakes.note('app', [
      { step: 'image', took: 600_000 },
      { step: 'boot', took },
    ]);
  }
  assert.deepEqual(wakes.of('app'), { totalMs: 5000, steps: ['image', 'boot'] });
});

test('IPF1: while images are fetched their bytes say how far it is and how long yet', () => {
  const image = { step: 'fetching' as const, bytes: 120e6, total: 480e6 };
  const wait: WaitState = { phase: 'imaging', progress: { since: ago(10_000), steps: [], image }, usual };
  const { timing, percent, steps } = viewOf('app', wait, false);
  assert.match(timing, /^For 1\d s now\. Fetched: 120 MB of 480 MB\. About 3\d s to go, then it boots\.$/);
  assert.equal(percent, 25);
  assert.deepEqual(
    steps.map(({ label, state }) => `${label} ${state}`),
    ['Get its images now', 'Boot next'],
  );
});

test('of images whose size nobody knows no rest is guessed', () => {
  const image = { step: 'fetching' as const, bytes: 1.5e9 };
  const wait: WaitState = { phase: 'imaging', progress: { since: ago(10_000), steps: [], image }, usual };
  const { timing, percent } = viewOf('app', wait, false);
  assert.match(timing, /^For 1\d s now\. Fetched: 1\.5 GB\.$/);
  assert.equal(percent, undefined);
});

test('after long images the boot is measured by itself', () => {
  const steps = [{ step: 'image' as const, took: 100_000 }];
  const wait: WaitState = { phase: 'booting', progress: { since: ago(10_000), steps }, usual };
  const { timing, percent } = viewOf('app', wait, false);
  assert.match(
    timing,
    /^For 1 min 5\d s now\. After its images it usually takes 30 s: about [12]\d s to go\.$/,
  );
  assert.ok(percent !== undefined && percent >= 33 && percent < 40, `${percent}`);
});

test('a wake that takes longer than usual says so, and its bar is never full', () => {
  const wait: WaitState = { phase: 'booting', progress: { since: ago(40_000), steps: [] }, usual };
  const { timing, percent } = viewOf('app', wait, false);
  assert.match(timing, /this time it takes longer\.$/);
  assert.equal(percent, 95);
});

test('who waits for a place is told how many are before it', () => {
  const wait: WaitState = { phase: 'booting', progress: { since: ago(0), steps: [], ahead: 2 } };
  assert.match(viewOf('app', wait, false).timing, / It waits for a place: 2 are before it\.$/);
});
