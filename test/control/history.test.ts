import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceHistory, Timeline } from '../../control/contract.js';
import { wakeTimes } from '../../control/history.js';
import type { ClosedRun, RunResult } from '../../temporal/index.js';
import { codeOf, type FakePlane, raw, startTestControl } from '../kit/control.js';

const PATH = '/api/v1/resources/hello/history';

function past(plane: FakePlane, count: number): void {
  const run = (index: number): ClosedRun & RunResult => ({
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
    { runId: 'a', start: 1, end: 2, outcome: 'failed', failure: 'BOOT_FAILED' },
    { runId: 'b', start: 0, end: 1, outcome: 'terminated' },
  ]);
  const { periods, wakes } = await read(url);
  assert.deepEqual(
    periods.map(({ endedBy }) => endedBy),
    ['BOOT_FAILED', 'terminated'],
  );
  assert.equal(wakes, undefined);
});

test('a name without a past that is not configured either is unknown', async (t) => {
  const { url } = await startTestControl(t);
  assert.deepEqual((await read(url)).periods, []);
  assert.equal(codeOf(await raw(`${url}/api/v1/resources/nobody/history`)), 'RESOURCE_UNKNOWN');
});

test('percentiles are those of nearest rank, of wakes that booted', () => {
  const period = { runId: '', start: 0, end: 0, outcome: 'completed', endedBy: 'idle', boots: 1 } as const;
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
  ];
  const { text } = await raw(`${url}/api/v1/timeline?hours=1`);
  const { periods } = JSON.parse(text) as Timeline;
  assert.deepEqual(
    periods.map(({ start, end }) => [now - start, end === undefined ? undefined : now - end]),
    [
      [60_000, undefined],
      [600_000, 300_000],
    ],
  );
});
