import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, isReveilleError, ReveilleError } from '../../errors/index.js';
import type { ReadyState } from '../../workflows/messages.js';
import { eventually } from '../kit/conditions.js';
import { enter, FakeResources, gateOn } from '../kit/fake-resources.js';

const hasCode = (code: ErrorCode) => (error: unknown) => isReveilleError(error) && error.code === code;
const notYet = async (state: ReadyState): Promise<ReadyState> => ({
  ...state,
  phase: 'booting',
  ready: false,
  answers: {},
});

test('past the bound of held requests the next is told HOLD_FULL, and one that leaves frees its place', async () => {
  const resources = new FakeResources();
  resources.onQuery = notYet;
  const gate = gateOn(resources, { hold: { time: 60_000, perResource: 1, total: 100 } });
  const leaving = new AbortController();
  const first = enter(gate, leaving.signal);
  await assert.rejects(enter(gate), hasCode('HOLD_FULL'));
  leaving.abort(new Error('the client has gone'));
  await assert.rejects(first, /the client has gone/);
  const second = enter(gate);
  await gate.close();
  await assert.rejects(second, hasCode('SHUTTING_DOWN'));
});

test('a thousand requests on what sleeps share one wake', async () => {
  const resources = new FakeResources();
  const gate = gateOn(resources, { hold: { time: 60_000, perResource: 1000, total: 1000 } });
  const passes = await Promise.all(Array.from({ length: 1000 }, () => enter(gate)));
  assert.equal(resources.wakes.length, 1);
  for (const pass of passes) pass.release();
  await gate.close();
});

test('who finds no place wakes nothing', async () => {
  const resources = new FakeResources();
  const gate = gateOn(resources, { hold: { time: 60_000, perResource: 0, total: 0 } });
  await assert.rejects(enter(gate), hasCode('HOLD_FULL'));
  assert.equal(resources.wakes.length, 0);
});

test('past the hold time a request is told HOLD_TIMEOUT while the boot goes on, and the next finds it ready', async () => {
  const resources = new FakeResources();
  let ready = (_state: ReadyState) => {};
  resources.onQuery = (state) =>
    new Promise((resolve) => {
      ready = () => resolve(state);
    });
  const gate = gateOn(resources, { hold: { time: 50, perResource: 10, total: 10 } });
  await assert.rejects(enter(gate), hasCode('HOLD_TIMEOUT'));
  ready(resources.state());
  await eventually('the lease came', () => gate.hasLease);
  assert.equal(resources.wakes.length, 1);
  await gate.close();
});

test('Temporal away: held, and told so only when the hold time ends; then nothing is sent any more', async () => {
  const resources = new FakeResources();
  resources.onWake = async () => {
    throw new ReveilleError('TEMPORAL_UNREACHABLE');
  };
  const gate = gateOn(resources, { hold: { time: 200, perResource: 10, total: 10 } });
  const began = performance.now();
  await assert.rejects(enter(gate), hasCode('TEMPORAL_UNREACHABLE'));
  assert.ok(performance.now() - began >= 190);
  assert.ok(resources.wakes.length > 1);
  await eventually('the waiter has given up', () => gate.state === undefined);
  resources.onWake = async () => {};
  (await enter(gate)).release();
  await gate.close();
});

test('a failure is told again from memory for a tenth of its backoff, counting down', async () => {
  const resources = new FakeResources();
  resources.onQuery = async (state) => ({
    ...state,
    phase: 'failed',
    ready: false,
    failure: { code: 'BOOT_FAILED', message: 'no luck', log: 'tail' },
    answers: { p: { ask: state.answers.p?.ask ?? 0, refused: { code: 'BOOT_FAILED', retryIn: 300_000 } } },
  });
  const gate = gateOn(resources);
  for (let n = 0; n < 20; n++) await assert.rejects(enter(gate), hasCode('BOOT_FAILED'));
  assert.equal(resources.wakes.length, 1);
  await assert.rejects(enter(gate), (error) => isReveilleError(error) && (error.retryInMs ?? 0) < 300_000);
  await assert.rejects(enter(gate), (error) => isReveilleError(error) && error.log === 'tail');
  await gate.close();
});
