// docs/runbook.md, "Nobody is there to start it": the worker is gone, the lines of the page are run, and it wakes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { app, House } from '../kit/house.js';
import { ask } from '../kit/house-client.js';
import { followed } from '../kit/runbook.js';

test(
  'the lines of the runbook start a worker where there is none, and who waits is answered',
  needs('temporal'),
  async () => {
    await House.live({ resources: { app: app({}, { idle: { after: '10m' } }) } }, async (house) => {
      await house.worker.end('SIGKILL');
      const asked = ask(house.url('/'));
      asked.catch(() => {});
      await eventually('it is asked to wake', () => house.resources.openRun('app'));
      await followed(house, 'Nobody is there to start it');
      await asked;
      assert.equal(house.journal('start').length, 1);
    });
  },
);
