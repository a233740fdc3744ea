/** The past awake periods of a resource, from the executions that Temporal keeps. */
import type { Config } from '../config/index.js';
import type { ClosedRun, RunResult } from '../temporal/index.js';
import { chainsOf } from './chains.js';
import type { AwakePeriod, ResourceHistory, WakeTimes } from './contract.js';
import { inParallel } from './in-parallel.js';
import { runUrl } from './links.js';
import { call, type Plane } from './plane.js';
import { runsOf } from './pools.js';

/** Of one reading: some hundred results, each one call. */
const READ_MS = 15_000;

/** Reads the past, and keeps what executions said at their end: it never changes. */
export class HistoryBook {
  /** By run id, the least recently used first. */
  private readonly results = new Map<string, RunResult>();

  constructor(private readonly plane: Plane) {}

  /**
   * The latest awake periods of a resource, or of a pool's members, the latest first.
   * @throws ReveilleError TEMPORAL_UNREACHABLE.
   */
  async of(config: Config, name: string): Promise<ResourceHistory> {
    const { runs: limit, cached } = config.control.history;
    const { plane } = this;
    const runs = await call(plane, () => plane.resources.closedRuns(runsOf(config, name), limit));
    const told = await call(
      plane,
      () =>
        inParallel(runs, async (run) => ({ ...run, ...(await this.resultOf(run.name, run.runId, cached)) })),
      READ_MS,
    );
    const periods = periodsOf(config, told).slice(0, limit);
    const wakes = wakeTimes(periods);
    return { name, now: Date.now(), periods, ...(wakes === undefined ? {} : { wakes }) };
  }

  private async resultOf(name: string, runId: string, bound: number): Promise<RunResult> {
    const result = this.results.get(runId) ?? (await this.plane.resources.runResult(name, runId));
    this.results.delete(runId);
    this.results.set(runId, result);
    for (const oldest of this.results.keys()) {
      if (this.results.size <= bound) break;
      this.results.delete(oldest);
    }
    return result;
  }
}

type ToldRun = ClosedRun & RunResult;

/**
 * Awake periods, the latest first. A life of several runs, each of which handed on to the next, is one: it begins with
 * its first run and is told by its last. Where that one is still awake, nothing of it is past.
 */
export function periodsOf(config: Config, runs: readonly ToldRun[]): AwakePeriod[] {
  const { whole } = chainsOf(runs, ({ goesOn }) => goesOn === true, joined);
  return whole.map((run) => periodOf(config, run)).sort((a, b) => b.end - a.end);
}

/** One that was cut off says nothing of its life: what its predecessor said holds but for the end. */
function joined({ start, summary }: ToldRun, run: ToldRun): ToldRun {
  if (run.summary !== undefined || summary === undefined) return { ...run, start };
  return { ...run, start, summary: { ...summary, endedBy: run.failure ?? run.outcome } };
}

function periodOf(
  config: Config,
  { name, runId, start, end, outcome, summary, failure }: ToldRun,
): AwakePeriod {
  const url = runUrl(config, name, runId);
  const period = { name, runId, start, end, outcome, ...(url === undefined ? {} : { url }) };
  if (summary === undefined) return { ...period, endedBy: failure ?? outcome, boots: 0, steps: [] };
  const { wokenBy, endedBy, boots, steps, awakeFor } = summary;
  return {
    ...period,
    // Its first runs may be too far back to be listed; the summary knows how long the whole was.
    start: Math.min(start, end - awakeFor),
    endedBy,
    boots,
    steps,
    ...(wokenBy === undefined ? {} : { wokenBy }),
  };
}

/** How long the wakes among them took; undefined where none is known. */
export function wakeTimes(periods: readonly AwakePeriod[]): WakeTimes | undefined {
  const sorted = periods
    .filter(({ steps }) => steps.length > 0)
    .map(({ steps }) => steps.reduce((sum, { took }) => sum + took, 0))
    .sort((a, b) => a - b);
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((part) => sorted[Math.ceil(part * sorted.length) - 1]);
  if (p50 === undefined || p90 === undefined || p99 === undefined) return undefined;
  return { count: sorted.length, p50, p90, p99 };
}
