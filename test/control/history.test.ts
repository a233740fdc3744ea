import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceHistory, Timeline } from '../../control/contract.js';
import { wakeTimes } from '../../control/history.js';
import type { ClosedRun, RunResult } from '../../temporal/index.js';
import type { LifecycleSummary } from '../../workflows/messages.js';
import { codeOf, type FakePlane, raw, startTestControl } from '../kit/control.js';

const PATH = '/api/v1/resources/hello/history';

function past(plane: FakePlane, count: number): void {
  const run = (index: number): ClosedRun & RunResult => ({
    name: 'hello',
    runId: `run-${index}`,
    start: 1000 * index,
    end: 1000 * index + 500,
    outcome: 'completed',
    summary: {
      name: 'hello',
      generation: index,
      boots: 1,
      wokenBy: 'a test',
      awakeFor: 500,
      endedBy: 'idle',
      steps: [{ step: 'boot', took: index }],
    },
  });
  plane.past.set(
    'hello',
    Array.from({ length: count }, (_, index) => run(count - index)),
  );
}

async function read(url: string): Promise<ResourceHistory> {
  return JSON.parse((await raw(url + PATH)).text) as ResourceHistory;
}

test('the past tells who woke it, how it ended and how long each step took, with a link to the execution', async (t) => {
  const { url, plane } = await startTestControl(t);
  past(plane, 3);
  const { periods, wakes } = await read(url);
  assert.equal(periods.length, 3);
  const [latest] = periods;
  assert.equal(latest?.wokenBy, 'a test');
  assert.equal(latest?.endedBy, 'idle');
  assert.deepEqual(latest?.steps, [{ step: 'boot', took: 3 }]);
  assert.match(latest?.url ?? '', /\/workflows\/resource%3Ahello\/run-3\/history$/);
  assert.deepEqual(wakes, { count: 3, p50: 2, p90: 3, p99: 3 });
});

test('what a closed execution said is asked for once, within the bounds of the configuration', async (t) => {
  const control = 'listen: 127.0.0.1:0, history: { runs: 4, cached: 4 }';
  const { url, plane } = await startTestControl(t, { control });
  past(plane, 9);
  assert.equal((await read(url)).periods.length, 4);
  await read(url);
  assert.equal(plane.resultsAsked.length, 4);
});

test('an execution that failed says why, and one that was cut off how', async (t) => {
  const { url, plane } = await startTestControl(t);
  plane.past.set('hello', [
    { name: 'hello', runId: 'a', start: 1, end: 2, outcome: 'failed', failure: 'BOOT_FAILED' },
    { name: 'hello', runId: 'b', start: 0, end: 1, outcome: 'terminated' },
  ]);
  const { periods, wakes } = await read(url);
  assert.deepEqual(
    periods.map(({ endedBy }) => endedBy),
    ['BOOT_FAILED', 'terminated'],
  );
  assert.equal(wakes, undefined);
});

test('runs that handed on to the next are one period: from the first one, told by the last that said something', async (t) => {
  const { url, plane } = await startTestControl(t);
  const run = (runId: string, start: number, more: Partial<ClosedRun & RunResult>) => ({
    name: 'hello',
    runId,
    start,
    end: start + 10,
    outcome: 'completed' as const,
    ...more,
  });
  const summary = (awakeFor: number, took: number): LifecycleSummary => ({
    name: 'hello',
    generation: 1,
    boots: 1,
    awakeFor,
    endedBy: 'idle',
    steps: [{ step: 'boot', took }],
  });
  const continued = { outcome: 'continued', goesOn: true } as const;
  plane.past.set('hello', [
    // It goes on as this is asked for.
    run('g', 160, { ...continued, summary: summary(10, 9) }),
    // A life that handed on twice, the first too long ago to be listed.
    run('f', 150, { summary: summary(100, 5) }),
    run('e', 140, { ...continued, summary: summary(90, 5) }),
    // Cut off after it had handed on.
    run('d', 30, { outcome: 'terminated' }),
    run('c', 20, { ...continued, summary: summary(10, 3) }),
    // Stopped, and woken again meanwhile.
    run('b', 10, { outcome: 'continued', summary: summary(10, 2) }),
    run('a', 0, { summary: summary(10, 1) }),
  ]);
  const { periods, wakes } = await read(url);
  assert.deepEqual(
    periods.map(({ runId, start, end, endedBy, steps }) => [runId, start, end, endedBy, steps[0]?.took]),
    [
      ['f', 60, 160, 'idle', 5],
      ['d', 20, 40, 'terminated', 3],
      ['b', 10, 20, 'idle', 2],
      ['a', 0, 10, 'idle', 1],
    ],
  );
  assert.deepEqual(wakes, { count: 4, p50: 2, p90: 5, p99: 5 });
});

test("a pool's past is that of its members, each by its name", async (t) => {
  const text = `resources:
  app: { provider: process, process: { command: [node] }, pool: { key: ["{pr}"] }, routes: [{ path: "/p/{pr}" }] }
  one: { provider: process, process: { command: [node] } }
  two: { provider: process, process: { command: [node] } }
pools: { both: { members: [one, two], routes: [{ path: /both }] } }`;
  const { url, plane } = await startTestControl(t, { text });
  for (const [index, name] of ['app--7', 'application', 'one', 'two'].entries())
    plane.past.set(name, [{ name, runId: name, start: index, end: index + 1, outcome: 'terminated' }]);
  const names = async (pool: string) => {
    const told = JSON.parse((await raw(`${url}/api/v1/resources/${pool}/history`)).text) as ResourceHistory;
    return told.periods.map(({ name }) => name);
  };
  assert.deepEqual(await names('app'), ['app--7']);
  assert.deepEqual(await names('both'), ['two', 'one']);
  plane.past.clear();
  assert.deepEqual(await names('both'), []);
});

test('a name without a past that is not configured either is unknown', async (t) => {
  const { url } = await startTestControl(t);
  assert.deepEqual((await read(url)).periods, []);
  assert.equal(codeOf(await raw(`${url}/api/v1/resources/nobody/history`)), 'RESOURCE_UNKNOWN');
});

test('percentiles are those of nearest rank, of wakes that booted', () => {
  const period = {
    name: 'hello',
    runId: '',
    start: 0,
    end: 0,
    outcome: 'completed',
    endedBy: 'idle',
    boots: 1,
  } as const;
  const periods = Array.from({ length: 100 }, (_, index) => ({
    ...period,
    steps: [{ step: 'boot' as const, took: index + 1 }],
  }));
  assert.deepEqual(wakeTimes([...periods, { ...period, steps: [] }]), {
    count: 100,
    p50: 50,
    p90: 90,
    p99: 99,
  });
});

test('the timeline has what was awake in that time, with and without an end', async (t) => {
  const { url, plane } = await startTestControl(t);
  const now = Date.now();
  plane.runTimes = [
    { name: 'hello', runId: 'a', start: now - 60_000 },
    { name: 'hello', runId: 'b', start: now - 600_000, end: now - 300_000 },
    { name: 'hello', runId: 'c', start: now - 9_000_000, end: now - 8_000_000 },
    // Two runs of one time awake.
    { name: 'hello', runId: 'd', start: now - 1_900_000, end: now - 1_800_000, continued: true },
    { name: 'hello', runId: 'e', start: now - 1_800_000, end: now - 1_700_000 },
  ];
  const { text } = await raw(`${url}/api/v1/timeline?hours=1`);
  const { periods } = JSON.parse(text) as Timeline;
  assert.deepEqual(
    periods.map(({ start, end }) => [now - start, end === undefined ? undefined : now - end]),
    [
      [60_000, undefined],
      [600_000, 300_000],
      [1_900_000, 1_700_000],
    ],
  );
});
