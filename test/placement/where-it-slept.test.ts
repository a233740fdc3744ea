import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { app, House } from '../kit/house.js';
import { ask } from '../kit/house-client.js';

/** Were it left to chance, so many wakes would hardly ever all come to the same host. */
const WAKES = 8;
const host = (name: string, ports: string) => ({
  top: { worker: { host: name, ports }, state: `state-${name}` },
});
const plan = { resources: { hello: app({}, { idle: { after: '10m' }, routes: [{ path: '/' }] }) } };

test('what sleeps on one of several hosts wakes there again, where its disk is, whichever worker looks', () =>
  House.live(plan, async (house) => {
    await house.worker.end('SIGTERM');
    const sleep = async () => {
      await house.resources.stop('hello', { force: true });
      await house.untilAsleep('hello');
    };
    await house.startWorker('worker one', host('one', '27100-27149'));
    await ask(house.url('/'));
    await sleep();
    await house.startWorker('worker two', host('two', '27150-27199'));
    for (let wake = 0; wake < WAKES; wake++) {
      await eventually('it is awake', () => ask(house.url('/')));
      assert.equal((await house.resources.status('hello'))?.instance?.host, 'one');
      await sleep();
    }
  }));
