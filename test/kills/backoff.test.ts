import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../kit/conditions.js';
import { app, House } from '../kit/house.js';
import { ask, askForProblem, type Problem } from '../kit/house-client.js';
import type { Part } from '../kit/house-part.js';

const FIRST_MS = 1000;
const ATTEMPTS = 4;
const LAST_BACKOFF_MS = FIRST_MS * 2 ** (ATTEMPTS - 1);

/** Steady demand through one proxy. */
async function demand(proxy: Part, told: Problem[], isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    told.push(await askForProblem(proxy.url('/')));
    await delay(20);
  }
}

test('a failing boot under steady demand through two proxies boots no more often than its backoff says, and every request is told what is left', () => {
  const failing = app({ LIVE_WHEN: 'mended' }, { backoff: { first: `${FIRST_MS}ms`, max: '1m' } });
  return House.live({ resources: { failing } }, async (house) => {
    const two = await house.startProxy('proxy two');
    const told: Problem[] = [];
    let isOver = false;
    const demands = [house.proxy, two].map((proxy) => demand(proxy, told, () => isOver));
    await house.journaled('start', ATTEMPTS, 60_000);
    const status = await eventually('the last one has failed', async () => {
      const now = await house.resources.status('failing');
      return now?.phase === 'failed' && now.attempts === ATTEMPTS ? now : undefined;
    });
    isOver = true;
    await Promise.all(demands);

    const starts = house.journal('start').map(({ at }) => at);
    for (let attempt = 1; attempt < ATTEMPTS; attempt++) {
      const gap = (starts[attempt] ?? 0) - (starts[attempt - 1] ?? 0);
      const pause = FIRST_MS * 2 ** (attempt - 1);
      assert.ok(gap >= pause, `attempt ${attempt + 1} came ${gap} ms after the one before, not ${pause}`);
    }
    for (const { status: code, retryAfter, body } of told) {
      assert.deepEqual([code, body.code], [503, 'INSTANCE_DIED']);
      assert.match(retryAfter ?? 'none', /^\d+$/);
    }
    const { retryAt = 0 } = status;
    await eventually('what is told goes down with what is left', async () => {
      const { retryAfter } = await askForProblem(two.url('/'));
      // Rounded up to whole seconds: nobody comes too early.
      const left = retryAt - Date.now();
      assert.ok(Number(retryAfter) * 1000 >= left, `told ${retryAfter} s where ${left} ms are left`);
      return Number(retryAfter) <= LAST_BACKOFF_MS / 2000;
    });
    house.allow('mended');
    await eventually('after the backoff it boots', () => ask(house.url('/')));
  });
});
