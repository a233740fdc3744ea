import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { app, House } from '../kit/house.js';
import { ask, askForProblem } from '../kit/house-client.js';

const AFTER_MS = 4000;
const idle = { after: `${AFTER_MS}ms`, ignore: [{ path: '/poll' }, { header: { 'X-Background': '*' } }] };

test('a tab that polls is served while the resource is awake, and neither keeps it awake nor wakes it', () =>
  House.live({ resources: { app: app({}, { idle }) } }, async (house) => {
    const first = await askForProblem(house.url('/poll'));
    assert.deepEqual([first.status, first.body.code], [503, 'ASLEEP']);
    const usedFrom = Date.now();
    const { pid } = await ask(house.url('/'));
    const headers = { 'X-Background': 'yes' };
    const socket = new WebSocket(`ws://${house.address}/live`, { headers });
    await once(socket, 'open');
    const closed = once(socket, 'close');
    const answers: number[] = [];
    let servedAt = 0;
    while (house.journal('term').length === 0) {
      const response = await fetch(house.url('/poll'));
      answers.push(response.status);
      if (response.status === 200) servedAt = Date.now();
      await delay(100);
    }
    const { at } = await house.journaled('term');
    assert.ok(at >= usedFrom + AFTER_MS, `${usedFrom + AFTER_MS - at} ms too early`);
    await closed;
    await house.untilAsleep('app');
    // Refused only about the end of its idle time, when nothing may be forwarded any more: a lease is given back
    // unused after a quarter to a half of that time where every request counts.
    assert.deepEqual(
      answers,
      answers.toSorted((a, b) => a - b),
    );
    assert.ok(
      servedAt > usedFrom + AFTER_MS * 0.6,
      `the last one was served after ${servedAt - usedFrom} ms`,
    );
    const last = await askForProblem(house.url('/poll'));
    assert.deepEqual([last.status, last.body.code], [503, 'ASLEEP']);
    assert.equal(await house.resources.openRun('app'), undefined);
    assert.notEqual((await ask(house.url('/'))).pid, pid);
    assert.equal(house.journal('start').length, 2);
  }));
