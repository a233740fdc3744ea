import assert from 'node:assert/strict';
import { test } from 'node:test';
import { app, House } from '../kit/house.js';
import { ask } from '../kit/house-client.js';

const REQUESTS = 200;

test('two proxies, two workers, 200 requests at once on a sleeping resource: one boot', () =>
  House.live({ resources: { sleeping: app() } }, async (house) => {
    const [two] = await Promise.all([house.startProxy('proxy two'), house.startWorker('worker two')]);
    const urls = Array.from({ length: REQUESTS }, (_, i) => (i % 2 ? house.url(`/${i}`) : two.url(`/${i}`)));
    const answers = await Promise.all(urls.map((url) => ask(url)));
    const { pid } = await house.journaled('start');
    assert.deepEqual(new Set(answers.map((answer) => answer.pid)), new Set([pid]));
    assert.deepEqual(
      answers.map(({ url }) => url),
      urls.map((url) => new URL(url).pathname),
    );
    assert.equal(house.journal('start').length, 1);
    assert.deepEqual(house.instancesOf('sleeping'), [pid]);
  }));
