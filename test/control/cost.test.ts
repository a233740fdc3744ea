import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detailsText } from '../../cli/client-status.js';
import type { Cost, ResourceDetails, ResourceList } from '../../control/contract.js';
import { raw, readyState, startTestControl } from '../kit/control.js';

const HOUR = 3_600_000;
const process = 'provider: process, process: { command: [node] }';
const PRICED = `resources:
  vm: { ${process}, price: { perHour: 2, currency: EUR } }
  plain: { ${process} }
  never: { ${process}, price: { perHour: 2, currency: EUR } }
  shells: { ${process}, price: { perHour: 1, currency: USD }, pool: { key: ["{user}"] }, routes: [{ path: "/u/{user}" }] }`;

/** Every reading is a new one. */
const start = (t: Parameters<typeof startTestControl>[0], cost = 'refresh: 1ms') =>
  startTestControl(t, { text: PRICED, control: `listen: 127.0.0.1:0, cost: { ${cost} }` });

const run = (name: string, from: number, to?: number) => ({
  name,
  runId: `${name}-${from}`,
  start: Date.now() - from * HOUR,
  ...(to === undefined ? {} : { end: Date.now() - to * HOUR }),
});

async function costsOf(url: string): Promise<Record<string, Cost | undefined>> {
  const { resources } = JSON.parse((await raw(`${url}/api/v1/resources`)).text) as ResourceList;
  return Object.fromEntries(resources.map(({ name, cost }) => [name, cost]));
}

test('hours awake are those of closed executions and of the open one, and money what they cost and saved', async (t) => {
  const { url, plane } = await start(t);
  plane.awake.set('vm', readyState('vm'));
  plane.runTimes = [run('vm', 10, 8), run('vm', 1)];
  const { vm } = await costsOf(url);
  assert.ok(vm !== undefined && Math.abs(vm.awakeHours - 3) < 0.01, JSON.stringify(vm));
  assert.equal(vm.currency, 'EUR');
  assert.ok(Math.abs((vm.spent ?? 0) - 6) < 0.02, 'three hours at two euros');
  assert.ok(Math.abs((vm.saved ?? 0) - 14) < 0.02, 'seven of ten hours asleep');
});

test('a resource without a price has hours and no money; one that was never awake has neither', async (t) => {
  const { url, plane } = await start(t);
  plane.runTimes = [run('plain', 4, 3)];
  const { plain, never } = await costsOf(url);
  assert.equal(plain?.awakeHours, 1);
  assert.equal(plain?.currency, undefined);
  assert.equal(plain?.spent, undefined);
  assert.equal(never, undefined);
});

test('a time awake that ended between two readings is counted once, and what is older than the period is not', async (t) => {
  const { url, plane } = await start(t, 'refresh: 1ms, period: 5h');
  plane.runTimes = [run('vm', 2), run('vm', 7, 4), run('vm', 20, 19)];
  const before = await costsOf(url);
  assert.ok(Math.abs((before.vm?.awakeHours ?? 0) - 3) < 0.01, JSON.stringify(before.vm));
  const [open] = plane.runTimes;
  assert.ok(open);
  plane.runTimes = [{ ...open, end: Date.now() }];
  const after = await costsOf(url);
  assert.ok(Math.abs((after.vm?.awakeHours ?? 0) - 3) < 0.01, JSON.stringify(after.vm));
});

test('a pool costs what its members do, each against being always on by itself', async (t) => {
  const { url, plane } = await start(t);
  plane.runTimes = [run('shells--ann', 10, 9), run('shells--bob', 4, 2)];
  const { shells } = await costsOf(url);
  assert.equal(shells?.awakeHours, 3);
  assert.equal(shells?.spent, 3);
  assert.ok(Math.abs((shells?.saved ?? 0) - 11) < 0.02, JSON.stringify(shells));
});

test('what waits, for images or after a failure, costs nothing: the time with an instance counts', async (t) => {
  const { url, plane } = await start(t, 'refresh: 1ms, period: 48h');
  const hoursAgo = (hours: number) => Date.now() - hours * HOUR;
  plane.runTimes = [
    // Half an hour before a failure; and of what goes on, the last hour of five.
    { ...run('vm', 20, 15), existence: { before: HOUR / 2 } },
    { ...run('vm', 5), existence: { before: HOUR / 4, since: hoursAgo(1) } },
    { ...run('never', 3), existence: { before: 0 } },
    // Reaches into the period with its end alone.
    { ...run('plain', 60, 40), existence: { before: HOUR, since: hoursAgo(50) } },
  ];
  const { vm, never, plain } = await costsOf(url);
  assert.ok(Math.abs((vm?.awakeHours ?? 0) - 1.75) < 0.01, JSON.stringify(vm));
  assert.ok(Math.abs((vm?.saved ?? 0) - 2 * (20 - 1.75)) < 0.02, JSON.stringify(vm));
  assert.equal(never, undefined, 'it had no instance yet');
  assert.ok(Math.abs((plain?.awakeHours ?? 0) - 8) < 0.01, JSON.stringify(plain));
});

test('metrics tell the same by resource and currency', async (t) => {
  const { url, plane } = await start(t);
  plane.runTimes = [run('vm', 10, 8), run('shells--ann', 2, 1)];
  const { text } = await raw(`${url}/metrics`);
  assert.match(text, /^reveille_awake_seconds\{resource="vm"\} 7200$/m);
  assert.match(text, /^reveille_cost_spent\{resource="vm",currency="EUR"\} 4$/m);
  assert.match(text, /^reveille_cost_saved\{resource="vm",currency="EUR"\} 16$/m);
  assert.match(text, /^reveille_cost_spent\{resource="shells",currency="USD"\} 1$/m);
  assert.doesNotMatch(text, /shells--ann/);
});

test('the command line says hours and money in a line', async (t) => {
  const { url, plane } = await start(t);
  plane.runTimes = [run('vm', 10, 8)];
  const details = JSON.parse((await raw(`${url}/api/v1/resources/vm`)).text) as ResourceDetails;
  assert.match(
    detailsText(details),
    /cost\s+2\.0 h awake in (10 h|9 h 59 min), 4\.00 EUR spent, 16\.00 EUR saved/,
  );
});
