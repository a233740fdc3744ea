/** When everything was awake, for bars on a line. */
import type { Config } from '../config/index.js';
import type { RunTime } from '../temporal/index.js';
import { chainsOf } from './chains.js';
import type { Timeline } from './contract.js';
import type { CostBook } from './cost.js';

const HOUR_MS = 3_600_000;
/** Periods of one answer at most, the latest. */
const MAX_PERIODS = 5000;

/** The awake times of all resources that overlap the last `hours`, the latest first. */
export async function timelineOf(config: Config, costs: CostBook, hours: number): Promise<Timeline> {
  const times = await costs.times(config);
  const now = Date.now();
  const begin = now - hours * HOUR_MS;
  const from = Math.max(begin, times?.from ?? begin);
  const periods = joined(times?.of(() => true) ?? [])
    .filter(({ end = now }) => end >= from)
    .sort((a, b) => b.start - a.start)
    .slice(0, MAX_PERIODS)
    .map(({ name, start, end }) => ({ name, start, ...(end === undefined ? {} : { end }) }));
  return { now, from, periods };
}

/** A run that handed on to a successor was awake without a break: the two are one. */
function joined(runs: readonly RunTime[]): RunTime[] {
  const { whole, open } = chainsOf(
    runs,
    ({ continued }) => continued === true,
    ({ start }, run) => ({ ...run, start }),
  );
  // The successor is not in the list yet.
  return [...whole, ...open];
}
