import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { app, House } from '../kit/house.js';
import { ask, askForProblem } from '../kit/house-client.js';

test('an instance killed while warm: the next request is answered by a new generation', () =>
  House.live({ resources: { mortal: app() } }, async (house) => {
    const first = await ask(house.url('/'));
    process.kill(first.pid, 'SIGKILL');
    const next = await ask(house.url('/'));
    assert.ok(next.generation > first.generation);
    assert.notEqual(next.pid, first.pid);
  }));

test('a request in flight that must not be sent twice is told of the death of its instance, others are resent', () =>
  House.live({ resources: { mortal: app() } }, async (house) => {
    const first = await ask(house.url('/'));
    const unsafe = askForProblem(house.url('/hang'), { method: 'POST', body: 'once only' });
    await house.journaled('sent');
    process.kill(first.pid, 'SIGKILL');
    const { status, body } = await unsafe;
    assert.deepEqual([status, body.code], [502, 'UPSTREAM_FAILED']);
    assert.equal(house.journal('sent').length, 1);
    assert.notEqual((await ask(house.url('/'), { method: 'POST', body: 'another' })).pid, first.pid);
  }));

test('a worker killed while the instance boots: held requests are answered by that one instance', () =>
  House.live({ resources: { steady: app({ LISTEN_WHEN: 'may-listen' }) } }, async (house) => {
    const held = Array.from({ length: 10 }, (_, i) => ask(house.url(`/${i}`)));
    const { pid } = await house.journaled('start');
    await house.worker.end('SIGKILL');
    await house.startWorker();
    house.allow('may-listen');
    const answers = await Promise.all(held);
    assert.deepEqual(new Set(answers.map((answer) => answer.pid)), new Set([pid]));
    assert.equal(house.journal('start').length, 1);
  }));

test('a worker killed while its instance is ready: it serves on, and is stopped in order afterwards', () => {
  // The lease outlasts the time without a worker, so that the request in it is a warm one.
  const steady = app({}, { idle: { after: '25s' }, lease: { time: '20s' } });
  return House.live({ resources: { steady } }, async (house) => {
    const { pid } = await ask(house.url('/'));
    await house.worker.end('SIGKILL');
    assert.equal((await ask(house.url('/'))).pid, pid);
    await house.startWorker();
    assert.equal((await eventually('it answers', () => ask(house.url('/')))).pid, pid);
    await house.resources.stop('steady');
    await house.journaled('end');
    await house.untilAsleep('steady');
    assert.equal(house.journal('start').length, 1);
  });
});
