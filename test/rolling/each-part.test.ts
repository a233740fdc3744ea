// Every part below `up` restarted under traffic, one after the other: what an upgrade does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { app } from '../kit/house-base.js';
import { send } from '../kit/house-client.js';
import { PART_NAMES, type PartName, WholeHouse } from '../kit/house-up.js';
import { readSlowly, SteadyTraffic } from '../kit/steady-traffic.js';

const engine = needs('temporal');
const DOWNLOAD_BYTES = 40_000_000;
/** Leases are short, so that they are renewed while parts are away. The drain outlasts the download. */
const plan = {
  resources: { hello: app({}, { idle: { after: '5m' }, lease: { time: '3s' } }) },
  top: { proxy: { drain: '60s' } },
};

for (const part of PART_NAMES) {
  test(
    `SIGTERM to ${part} under traffic: no request is lost, a download goes on, nothing is booted twice`,
    engine,
    () =>
      WholeHouse.live(plan, async (house) => {
        const traffic = new SteadyTraffic(house.url('/')).start();
        await eventually('traffic flows', () => traffic.total > 20);
        const download = await startDownload(house);
        await restart(house, part, 'SIGTERM');
        await someMore(traffic);
        await download.finish();
        await traffic.stop();
        assert.deepEqual(traffic.losses, []);
        assert.equal(house.journal('start').length, 1);
      }),
  );
}

async function restart(house: WholeHouse, part: PartName, signal: NodeJS.Signals): Promise<void> {
  await house.untilRestarted(part, await house.signal(part, signal));
}

async function someMore(traffic: SteadyTraffic): Promise<void> {
  const before = { ...traffic.answered };
  await eventually('traffic flows on', () =>
    Object.keys(before).every((kind) => (traffic.answered[kind] ?? 0) >= (before[kind] ?? 0) + 20),
  );
}

/** A download that goes on until it is told to finish, and then is complete. */
async function startDownload(house: WholeHouse) {
  const response = await send(house.url(`/bytes?size=${DOWNLOAD_BYTES}`));
  let pause = 20;
  const reading = readSlowly(response, () => pause);
  reading.catch(() => {});
  return {
    finish: async () => {
      pause = 0;
      const { bytes, crc } = await reading;
      const sent = await house.journaled('sent');
      assert.deepEqual({ bytes, crc }, { bytes: sent.bytes, crc: sent.crc });
    },
  };
}
