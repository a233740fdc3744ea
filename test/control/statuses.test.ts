import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceList } from '../../control/contract.js';
import { type FakePlane, raw, readyState, startTestControl } from '../kit/control.js';

/** That none is asked again for its age, and one at each reading so that all get their turn. */
const SLOW = 'listen: 127.0.0.1:0, events: { every: 1ms, refresh: 10h }';

function wakeMany(plane: FakePlane, count: number): string[] {
  const names = Array.from({ length: count }, (_, index) => `r${String(index).padStart(4, '0')}`);
  for (const name of names) plane.awake.set(name, readyState(name));
  return names;
}

/** Reads the list once, in one of the ways. @returns how many were asked, and what was told. */
async function reading(url: string, plane: FakePlane, path = '/api/v1/resources') {
  const before = plane.statusesAsked.length;
  const { text } = await raw(url + path);
  const asked = plane.statusesAsked.slice(before).filter((name) => name !== 'hello');
  const told = path.startsWith('/api') ? (JSON.parse(text) as ResourceList).resources : [];
  return { asked, told: new Map(told.map((line) => [line.name, line])) };
}

test('of a thousand that are awake each is asked once, and then few, whoever reads', async (t) => {
  const { url, plane } = await startTestControl(t, { control: SLOW });
  const names = wakeMany(plane, 1000);
  const first = await reading(url, plane);
  assert.deepEqual([...first.asked].sort(), names);
  const later = [];
  for (const path of ['/api/v1/resources', '/metrics', '/plain']) later.push(await reading(url, plane, path));
  assert.deepEqual(
    later.map(({ asked }) => asked.length),
    [1, 1, 1],
  );
  assert.equal(new Set(later.flatMap(({ asked }) => asked)).size, 3, 'each in its turn');
  assert.equal(later[0]?.told.get('r0999')?.phase, 'ready');
});

test('one whose phase or run is another is asked at once, and one that has gone is asleep', async (t) => {
  const { url, plane } = await startTestControl(t, { control: SLOW });
  wakeMany(plane, 1000);
  await reading(url, plane);
  plane.awake.set('r0100', readyState('r0100', { phase: 'stopping' }));
  plane.awake.set('r0200', readyState('r0200', { generation: 2, wokenBy: 'the next run' }));
  plane.awake.set('new', readyState('new'));
  plane.awake.delete('r0300');
  const { asked, told } = await reading(url, plane);
  assert.deepEqual([...asked].sort(), ['new', 'r0100', 'r0200']);
  assert.equal(told.get('r0100')?.phase, 'stopping');
  assert.equal(told.get('r0200')?.wokenBy, 'the next run');
  assert.equal(told.get('r0300'), undefined);
  assert.equal(told.get('new')?.phase, 'ready');
});

test('what is older than control.events.refresh is asked again', async (t) => {
  const control = 'listen: 127.0.0.1:0, events: { every: 1ms, refresh: 1ms }';
  const { url, plane } = await startTestControl(t, { control });
  const names = wakeMany(plane, 100);
  await reading(url, plane);
  plane.awake.set('r0050', readyState('r0050', { open: 7 }));
  const { asked, told } = await reading(url, plane);
  assert.equal(asked.length, names.length);
  assert.equal(told.get('r0050')?.open, 7);
});

test('of few that are awake each is asked at every reading: what is told is as it is', async (t) => {
  const { url, plane } = await startTestControl(t, { control: SLOW });
  wakeMany(plane, 64);
  await reading(url, plane);
  plane.awake.set('r0010', readyState('r0010', { open: 7 }));
  const { asked, told } = await reading(url, plane);
  assert.equal(asked.length, 64);
  assert.equal(told.get('r0010')?.open, 7);
});
