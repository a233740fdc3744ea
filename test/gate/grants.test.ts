import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadyState } from '../../workflows/messages.js';
import { eventually } from '../kit/conditions.js';
import { enter, FakeResources, gateOn } from '../kit/fake-resources.js';

test('L4: a grant whose answer is delayed past the revocation is never used', async () => {
  const resources = new FakeResources();
  let answer = (_state: ReadyState) => {};
  const delayed = new Promise<ReadyState>((resolve) => {
    answer = resolve;
  });
  resources.onQuery = () => delayed;
  const gate = gateOn(resources);
  const waiting = enter(gate);
  await eventually('it has asked', () => resources.wakes.length === 1);
  const granted = resources.state();
  assert.equal(gate.answer(resources.generation, true).holds, false);
  resources.onQuery = async (state) => state;
  resources.generation += 1;
  answer(granted);
  const pass = await waiting;
  assert.equal(pass.generation, resources.generation);
  pass.release();
  await gate.close();
});

test('a grant of an older generation is not used for the one that is ready now', async () => {
  const resources = new FakeResources();
  resources.onQuery = async (state) => {
    if (resources.wakes.length > 1) return state;
    return { ...state, answers: { p: { ask: 1, granted: { lease: 60_000, waited: 0, generation: 999 } } } };
  };
  const gate = gateOn(resources);
  (await enter(gate)).release();
  assert.equal(resources.wakes.length, 2);
  await gate.close();
});

test('a revocation ends the lease at once; what is open is told when it has ended', async () => {
  const resources = new FakeResources();
  const gate = gateOn(resources);
  const pass = await enter(gate);
  const { holds, open } = gate.answer(resources.generation, true);
  assert.deepEqual({ holds, open }, { holds: false, open: 1 });
  assert.equal(gate.tryEnter(), undefined);
  pass.release();
  const touch = await eventually('it is told', () => resources.touches[0]);
  assert.deepEqual([touch.release, touch.open], [true, 0]);
  await gate.close();
});

test('a thousand requests that cannot reach the instance tell it once', async () => {
  const resources = new FakeResources();
  const gate = gateOn(resources);
  const first = await enter(gate);
  const others = Array.from({ length: 1000 }, () => gate.tryEnter());
  for (const pass of [first, ...others]) pass?.unreachable('refused');
  (await enter(gate)).release();
  assert.equal(resources.reports.length, 1);
  await gate.close();
});

test('what is said of an older lease than the current one of another generation changes nothing', async () => {
  const resources = new FakeResources();
  resources.leaseMs = 300;
  const gate = gateOn(resources);
  const old = await enter(gate);
  resources.generation += 1;
  await eventually('it has a lease of the next one', () => {
    const pass = gate.tryEnter();
    pass?.release();
    return pass !== undefined && pass.generation > old.generation;
  });
  old.unreachable('reset');
  assert.equal(resources.reports.length, 0);
  assert.equal(gate.hasLease, true);
  await gate.close();
});

test('a wake is sent only when what was said before it has been recorded: it is never overtaken', async () => {
  const resources = new FakeResources();
  const gate = gateOn(resources);
  const pass = await enter(gate);
  gate.answer(resources.generation, true);
  let recorded = () => {};
  resources.onTouch = () =>
    new Promise((resolve) => {
      recorded = resolve;
    });
  pass.release();
  resources.generation += 1;
  const next = enter(gate);
  await eventually('the release is on its way', () => resources.touches.length === 1);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(resources.wakes.length, 1);
  resources.onTouch = async () => {};
  recorded();
  (await next).release();
  assert.ok((resources.wakes[1]?.ask ?? 0) > (resources.touches[0]?.ask ?? 0));
  await gate.close();
});
