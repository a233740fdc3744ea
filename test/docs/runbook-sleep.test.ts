// docs/runbook.md, "It does not sleep": each fault is there, the lines of the page are run, and it is gone.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { app } from '../kit/house-base.js';
import { ask } from '../kit/house-client.js';
import { WholeHouse } from '../kit/house-up.js';
import { followed } from '../kit/runbook.js';

const plan = {
  resources: { app: app({}, { idle: { after: '2s' }, lease: { time: '1s' } }) },
  top: { proxy: { drain: '1s' } },
};

test('the lines of the runbook put to sleep what does not sleep', needs('temporal'), (t) =>
  WholeHouse.live(plan, async (house) => {
    const check = (name: string, body: (t: TestContext) => Promise<void>) =>
      t.test(name, (t) => house.explained(() => body(t)));
    const { resources } = house;
    const pinned = async () => {
      await resources.pin('app');
      return await eventually('it is ready and pinned', async () => {
        const status = await resources.status('app');
        return status?.phase === 'ready' && status.pinned === true;
      });
    };

    await check('a pin keeps it awake', async () => {
      await pinned();
      await followed(house, 'A pin keeps it awake');
      await house.untilAsleep('app');
    });

    await check('a pin and an open connection keep it awake', async () => {
      await pinned();
      const socket = new WebSocket(`ws://${house.address}/`);
      await once(socket, 'open');
      const closed = once(socket, 'close');
      const output = await followed(house, 'It is to sleep now, whatever keeps it awake');
      assert.match(output, /app is asleep/);
      await closed;
      await house.untilAsleep('app');
    });

    await check('somebody wakes it again and again', async () => {
      // Pinned, so that it is awake when the page's lines look.
      await pinned();
      await resources.stop('app');
      await house.untilAsleep('app');
      await ask(house.url('/poll'));
      await pinned();
      const output = await followed(house, 'It wakes again and again');
      assert.match(output, /woken by +\S+/);
    });
  }),
);
