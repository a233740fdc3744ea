import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { enter, FakeResources, gateOn } from '../kit/fake-resources.js';
import { throughout, until } from '../kit/throughout.js';

const never = () => new Promise<never>(() => {});
const failing = async () => {
  throw new Error('away');
};

test('a lease in use is renewed, and the warm path asks nobody', async () => {
  const resources = new FakeResources();
  resources.leaseMs = 200;
  const gate = gateOn(resources);
  const pass = await enter(gate);
  await eventually('it was renewed twice', () => resources.touches.length >= 2);
  assert.ok(resources.touches.every((touch) => touch.open === 1 && touch.release === undefined));
  gate.tryEnter()?.release();
  assert.equal(resources.wakes.length, 1);
  pass.release();
  await gate.close();
});

test('the check that finds no use releases, with the true time since the last use, and forwards nothing more', async () => {
  const resources = new FakeResources();
  resources.leaseMs = 200;
  const gate = gateOn(resources);
  (await enter(gate)).release();
  const used = performance.now();
  const released = await eventually('it is released', () => resources.touches.find((touch) => touch.release));
  assert.ok(released.idleFor <= performance.now() - used + 1);
  assert.ok(released.idleFor >= 100, `${released.idleFor} ms`);
  assert.equal(gate.tryEnter(), undefined);
  await gate.close();
});

test('a release that is told again keeps its number, so that it takes back no later grant', async () => {
  const resources = new FakeResources();
  resources.leaseMs = 200;
  let failures = 0;
  resources.onTouch = async ({ release }) => {
    if (release && failures++ === 0) throw new Error('its answer was lost');
  };
  const gate = gateOn(resources);
  (await enter(gate)).release();
  await eventually('it is told twice', () => resources.touches.filter(({ release }) => release).length === 2);
  const asks = resources.touches.filter(({ release }) => release).map(({ ask }) => ask);
  assert.equal(asks[0], asks[1]);
  await gate.close();
});

test('a lease whose renewal fails is stretched, once', async () => {
  const resources = new FakeResources();
  resources.leaseMs = 2000;
  resources.onTouch = failing;
  const gate = gateOn(resources, { stretchMs: 500 });
  const began = performance.now();
  const pass = await enter(gate);
  await eventually('it is over', () => !gate.hasLease);
  assert.ok(performance.now() - began >= 2490);
  pass.release();
  await gate.close();
});

test('a renewal that hangs counts as failed before the lease ends, so that it is stretched', async () => {
  const resources = new FakeResources();
  resources.leaseMs = 2000;
  resources.onTouch = never;
  const gate = gateOn(resources, { stretchMs: 60_000 });
  const pass = await enter(gate);
  const over = performance.now() + 2000;
  await eventually('the granted time is over', () => performance.now() > over);
  const warm = gate.tryEnter();
  assert.ok(warm);
  warm.release();
  pass.release();
});

test('connections that outlive a lease ask again', async () => {
  const resources = new FakeResources();
  resources.leaseMs = 200;
  resources.onTouch = failing;
  const gate = gateOn(resources);
  const pass = await enter(gate);
  await eventually('it woke again with nobody waiting', () => resources.wakes.length >= 2);
  pass.release();
  await gate.close();
});

test('L3: a proxy that reads `stopping` in the answer to its touch forwards nothing more', async () => {
  const resources = new FakeResources();
  resources.leaseMs = 2000;
  resources.onTouch = async () => {
    // The first one fails, so that the lease is stretched: it does not end by itself while this test runs.
    if (resources.touches.length === 1) throw new Error('away');
  };
  resources.onQuery = async (state) =>
    resources.touches.length > 1 ? { ...state, phase: 'stopping', ready: false } : state;
  const gate = gateOn(resources, { stretchMs: 600_000 });
  const pass = await enter(gate);
  await eventually('it has given up its lease', () => !gate.hasLease);
  assert.equal(resources.wakes.length, 1);
  pass.release();
  await gate.close();
});

test('a new generation of the same instance: it wakes again, and its open connections count for it', async () => {
  const resources = new FakeResources();
  resources.leaseMs = 300;
  resources.onQuery = async (state) => ({ ...state, instance: 'the same' });
  const gate = gateOn(resources);
  const pass = await enter(gate);
  resources.generation += 1;
  await eventually('it renews for the new one', () => {
    const touch = resources.touches.find(({ generation }) => generation === resources.generation);
    return touch?.open === 1;
  });
  assert.equal(resources.wakes.length, 2);
  pass.release();
  await gate.close();
});

test('an answer that comes after an outage, too late to count, leaves a stretched lease as it is', async () => {
  const resources = new FakeResources();
  resources.leaseMs = 2000;
  let recorded = () => {};
  resources.onTouch = () =>
    new Promise((resolve) => {
      recorded = resolve;
    });
  const gate = gateOn(resources, { stretchMs: 600_000 });
  const pass = await enter(gate);
  await throughout(3500, () => assert.equal(gate.hasLease, true));
  resources.onTouch = async () => {};
  recorded();
  const isRenewed = () => resources.touches.length > 2;
  await until(isRenewed, () => assert.equal(gate.hasLease, true));
  pass.release();
  await gate.close();
});
