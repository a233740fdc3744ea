// Every part below `up` restarted under traffic, one at a time: what an upgrade does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { app } from '../kit/house-base.js';
import { PART_NAMES, type PartName, WholeHouse } from '../kit/house-up.js';
import { SlowDownload } from '../kit/slow-download.js';
import { SteadyTraffic } from '../kit/steady-traffic.js';

const engine = needs('temporal');
/** Leases are short, so that they are renewed while parts are away. The drain outlasts the download. */
const plan = {
  resources: { hello: app({}, { idle: { after: '5m' }, lease: { time: '3s' } }) },
  top: { proxy: { drain: '60s' } },
};

/** Restarts one part while clients ask all the time and one downloads. */
async function restart(house: WholeHouse, part: PartName, signal: NodeJS.Signals) {
  const traffic = new SteadyTraffic(house.url('/')).start();
  await eventually('traffic flows', () => traffic.total > 20);
  const download = await SlowDownload.start(house);
  const pid = await house.signal(part, signal);
  const goneAt = performance.now();
  await house.untilRestarted(part, pid);
  await traffic.flowsOn();
  await traffic.stop();
  assert.equal(house.journal('start').length, 1);
  return { traffic, download, goneAt };
}

for (const part of PART_NAMES) {
  test(
    `SIGTERM to ${part} under traffic: no request is lost, a download goes on, nothing is booted twice`,
    engine,
    () =>
      WholeHouse.live(plan, async (house) => {
        const { traffic, download } = await restart(house, part, 'SIGTERM');
        assert.deepEqual(traffic.losses, []);
        await download.finish();
      }),
  );
}

for (const part of PART_NAMES.filter((name) => name !== 'proxy')) {
  test(
    `SIGKILL of ${part} under traffic: no request is lost, a download goes on, nothing is booted twice`,
    engine,
    () =>
      WholeHouse.live(plan, async (house) => {
        const { traffic, download } = await restart(house, part, 'SIGKILL');
        assert.deepEqual(traffic.losses, []);
        await download.finish();
      }),
  );
}

test(
  'SIGKILL of proxy under traffic: only what it had accepted breaks, and its clients see that; nothing is booted twice',
  engine,
  () =>
    WholeHouse.live(plan, async (house) => {
      const { traffic, download, goneAt } = await restart(house, 'proxy', 'SIGKILL');
      assert.deepEqual(traffic.lossesSince(goneAt), []);
      await download.breaks();
    }),
);
