// Parts below `up` ended and killed in shuffled orders under traffic, some while others are still away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { app } from '../kit/house-base.js';
import { PART_NAMES, type PartName, WholeHouse } from '../kit/house-up.js';
import { SteadyTraffic } from '../kit/steady-traffic.js';

const engine = needs('temporal');
/** Others were tried by hand; these end parts while their successors or neighbours are still away. */
const SEEDS = [5, 4];
const SIGNALS = ['SIGTERM', 'SIGKILL'] as const;
type Blow = { part: PartName; signal: (typeof SIGNALS)[number] };

/** Leases are short, so that they are renewed, and run out, while parts are away. */
const plan = {
  resources: { hello: app({}, { idle: { after: '5m' }, lease: { time: '3s' } }) },
  top: { proxy: { drain: '60s' } },
};

for (const seed of SEEDS) {
  const random = randomFrom(seed);
  const blows = shuffled(
    PART_NAMES.flatMap((part) => SIGNALS.map((signal) => ({ part, signal }))),
    random,
  );
  const order = blows.map(({ part, signal }) => `${signal} ${part}`).join(', ');
  test(`under traffic, seed ${seed}: ${order}: only what a killed proxy had accepted breaks`, engine, () =>
    WholeHouse.live(plan, async (house) => {
      const traffic = new SteadyTraffic(house.url('/')).start();
      await eventually('traffic flows', () => traffic.total > 20);
      const killedAt = await strike(house, blows, random);
      await traffic.flowsOn();
      await traffic.stop();
      assert.deepEqual(traffic.lossesSince(killedAt), []);
      assert.equal(house.journal('start').length, 1);
      assert.equal(traffic.pids.size, 1);
    }),
  );
}

/** @returns until when the proxy that was killed may have accepted a connection. */
async function strike(house: WholeHouse, blows: Blow[], random: () => number): Promise<number> {
  let killedAt = 0;
  for (const { part, signal } of blows) {
    const pid = await house.signal(part, signal);
    if (part === 'proxy' && signal === 'SIGKILL') killedAt = performance.now();
    // The next blow falls on a house that is whole again, or while this part is still away.
    if (random() < 0.5) await house.untilRestarted(part, pid);
  }
  return killedAt;
}

/** Mulberry32: the same numbers for the same seed. @returns from 0 up to 1. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((one) => ({ one, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
