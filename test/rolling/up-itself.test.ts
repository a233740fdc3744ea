// `reveille up` itself dies, and is started again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needs } from '../kit/engines.js';
import { app } from '../kit/house-base.js';
import { ask } from '../kit/house-client.js';
import { WholeHouse } from '../kit/house-up.js';
import { SlowDownload } from '../kit/slow-download.js';

const engine = needs('temporal');
/** The lease is what an adopted instance waits for before it stops. */
const resources = { hello: app({}, { idle: { after: '5m' }, lease: { time: '3s' } }) };

test(
  'SIGKILL of up: a download goes on, what is awake stays so, and the next up goes on with it',
  engine,
  () =>
    WholeHouse.live({ resources }, async (house) => {
      const first = await ask(house.url('/'));
      const download = await SlowDownload.start(house);
      await house.up.end('SIGKILL');
      // It waits for the proxy that still serves the download.
      const next = house.startUp();
      await download.finish();
      await next;
      assert.equal((await ask(house.url('/'))).pid, first.pid);
      await house.resources.stop('hello');
      await house.journaled('end');
      await house.untilAsleep('hello');
      assert.equal(house.journal('start').length, 1);
    }),
);

test('SIGKILL of up and of all its parts at once: the next up goes on with what is awake', engine, () =>
  WholeHouse.live({ resources }, async (house) => {
    const first = await ask(house.url('/'));
    const others = house.living().filter((pid) => pid !== first.pid);
    for (const pid of others) process.kill(pid, 'SIGKILL');
    await house.up.end('SIGKILL');
    await house.disconnect();
    await house.startUp();
    assert.equal((await ask(house.url('/'))).pid, first.pid);
    assert.equal(house.journal('start').length, 1);
  }),
);
