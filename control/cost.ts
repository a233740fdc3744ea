/** Hours awake and money, from the executions that Temporal keeps: nothing is counted or stored here. */
import { type Config, definitionOf, type ResourceDefinition, templateOf } from '../config/index.js';
import type { RunTime } from '../temporal/index.js';
import type { Cost, ResourceSummary } from './contract.js';
import type { Plane } from './plane.js';
import { whoseNames } from './pools.js';

const HOUR_MS = 3_600_000;
/** The server's list may be a moment behind: what closed so shortly before the last reading is asked for again. */
const OVERLAP_MS = 120_000;
/** Of one reading, which may have many pages. */
const READ_MS = 60_000;
/** How long an answer waits for a reading; then it does without, and the reading goes on for the next. */
const PATIENCE_MS = 1000;

/** When a resource was awake: each from one moment to another. */
export interface AwakeTimes {
  readonly now: number;
  /** Nothing is known of what was before. */
  readonly from: number;
  of(isOne: (name: string) => boolean): readonly RunTime[];
}

/** The times awake of all resources, read again where they are older than `control.cost.refresh`. */
export class CostBook {
  private closed = new Map<string, RunTime>();
  private open: RunTime[] = [];
  private floor = 0;
  private readAt = 0;
  private reading: Promise<void> | undefined;

  constructor(private readonly plane: Plane) {}

  /** @returns undefined where nothing is known yet: Temporal is away, or has much to tell. */
  async times({ control: { cost } }: Config): Promise<AwakeTimes | undefined> {
    if (Date.now() - this.readAt >= cost.refresh) await this.patiently(cost);
    if (this.readAt === 0) return undefined;
    const now = Date.now();
    const known = [...this.closed.values(), ...this.open];
    return {
      now,
      from: Math.max(this.floor, now - cost.period),
      of: (isOne) => known.filter(({ name }) => isOne(name)),
    };
  }

  private async patiently(cost: Config['control']['cost']): Promise<void> {
    this.reading ??= this.plane
      .withDeadline(READ_MS, () => this.read(cost))
      // What was known stays known, and the next answer asks again.
      .catch(() => {})
      .finally(() => {
        this.reading = undefined;
      });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS);
    });
    await Promise.race([this.reading, late]);
    clearTimeout(timer);
  }

  private async read({ period, times }: Config['control']['cost']): Promise<void> {
    const began = Date.now();
    const start = began - period;
    const from = Math.max(start, this.readAt - OVERLAP_MS);
    // First those that are open: one that ends in between is found again among the closed ones, and counts there.
    const open = await this.plane.resources.runTimes({ limit: times });
    for (const one of await this.plane.resources.runTimes({ closedSince: from, limit: times }))
      this.closed.set(one.runId, one);
    const ends = [...this.closed.values()].sort((a, b) => endOf(b) - endOf(a));
    const kept = ends.filter((one) => endOf(one) >= start).slice(0, times);
    const oldest = kept.at(-1);
    if (kept.length === times && oldest !== undefined) this.floor = endOf(oldest);
    this.closed = new Map(kept.map((one) => [one.runId, one]));
    this.open = open.filter(({ runId }) => !this.closed.has(runId));
    this.readAt = began;
  }
}

const endOf = ({ end = Number.POSITIVE_INFINITY }: RunTime): number => end;

/** For how long a run had an instance, as far as the period reaches. */
function existedMsOf(
  { start, end, existence = { before: 0, since: start } }: RunTime,
  times: AwakeTimes,
): number {
  const { before, since = end ?? times.now } = existence;
  const began = Math.max(start, times.from);
  // Where in it the time before was, is not known: as much of it as may be counts.
  const earlier = Math.min(before, Math.max(0, since - began));
  return earlier + Math.max(0, (end ?? times.now) - Math.max(since, began));
}

/**
 * What one resource, or all members of a pool together, cost since it was first awake in that time. Always-on is
 * reckoned from there as well, for each member by itself.
 */
function costOf(
  times: AwakeTimes,
  isOne: (name: string) => boolean,
  price: ResourceDefinition['price'],
): Cost | undefined {
  const since = new Map<string, number>();
  let awakeMs = 0;
  for (const run of times.of(isOne)) {
    const existedMs = existedMsOf(run, times);
    if (existedMs <= 0) continue;
    awakeMs += existedMs;
    const began = Math.max(run.start, times.from);
    since.set(run.name, Math.min(since.get(run.name) ?? began, began));
  }
  if (since.size === 0) return undefined;
  const alwaysMs = [...since.values()].reduce((sum, began) => sum + times.now - began, 0);
  const money = (ms: number) => (price === undefined ? 0 : rounded((ms / HOUR_MS) * price.perHour));
  return {
    since: Math.min(...since.values()),
    awakeHours: rounded(awakeMs / HOUR_MS),
    ...(price === undefined
      ? {}
      : {
          currency: price.currency,
          spent: money(awakeMs),
          saved: money(Math.max(0, alwaysMs - awakeMs)),
        }),
  };
}

/** The lines with what each cost, where that is known. */
export async function withCosts<T extends ResourceSummary>(
  config: Config,
  costs: CostBook,
  lines: readonly T[],
): Promise<T[]> {
  const times = await costs.times(config);
  if (times === undefined) return [...lines];
  return lines.map((line) => {
    const { price } = definitionOf(config, line.name) ?? templateOf(config, line.name) ?? {};
    const cost = costOf(times, whoseNames(config, line.name), price);
    return cost === undefined ? line : { ...line, cost };
  });
}

/** To a ten-thousandth: less is noise of the clock. */
const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;
