/** Interleaved rounds: every proxy in turn, again and again, so that what disturbs the machine disturbs all. */
import type { BenchContext } from '../contract.js';
import { cpuOfTree } from '../cpu.js';
import { type Load, load } from './load.js';

/** A proxy that listens. */
export interface Contestant {
  name: string;
  port: number;
  /** Processes that belong to it, with their descendants; absent for the origin itself. */
  pid: number | undefined;
}

export interface Sample {
  name: string;
  round: number;
  /** Processor time of the proxy. */
  cpuUsPerRequest: number;
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
}

export interface RoundsOptions {
  path: string;
  rounds: number;
  load: Omit<Load, 'url'>;
  /** Core of wrk and origin. */
  loadCore: number;
}

/** @throws where a proxy answers with errors: then it is not what is to be measured. */
export async function measure(
  context: BenchContext,
  contestants: readonly Contestant[],
  options: RoundsOptions,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    context.say(`${options.path}: round ${round} of ${options.rounds}`);
    for (const one of contestants) {
      samples.push({ name: one.name, round, ...(await measureOne(context, one, options)) });
    }
  }
  return samples;
}

async function measureOne(
  { folder, signal }: BenchContext,
  { name, port, pid }: Contestant,
  { path, load: shape, loadCore }: RoundsOptions,
): Promise<Omit<Sample, 'name' | 'round'>> {
  const before = pid === undefined ? 0 : cpuOfTree(pid);
  const result = await load(folder, loadCore, { ...shape, url: `http://127.0.0.1:${port}${path}` }, signal);
  const cpuUs = pid === undefined ? 0 : cpuOfTree(pid) - before;
  const { requests, seconds, p50Ms, p99Ms, errors } = result;
  if (errors > 0 || requests === 0) throw new Error(`${name}: ${errors} errors in ${requests} requests`);
  return { cpuUsPerRequest: cpuUs / requests, requestsPerSecond: requests / seconds, p50Ms, p99Ms };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * Throws away the rounds in which the value of any contestant is far off its own median: somebody else used the
 * machine then.
 */
export function undisturbed(
  samples: readonly Sample[],
  read: (sample: Sample) => number,
  tolerance: number,
): { kept: Sample[]; thrown: number[] } {
  const medians = new Map<string, number>();
  for (const { name } of samples) {
    if (!medians.has(name)) medians.set(name, median(samples.filter((one) => one.name === name).map(read)));
  }
  const bad = new Set<number>();
  for (const sample of samples) {
    const usual = medians.get(sample.name) ?? 0;
    if (Math.abs(read(sample) - usual) > usual * tolerance) bad.add(sample.round);
  }
  return { kept: samples.filter(({ round }) => !bad.has(round)), thrown: [...bad].sort((a, b) => a - b) };
}

/** The median of one value for each contestant, in the order of their first samples. */
export function medians(samples: readonly Sample[], read: (sample: Sample) => number): Map<string, number> {
  const names = new Set(samples.map(({ name }) => name));
  return new Map(
    [...names].map((name) => [name, median(samples.filter((one) => one.name === name).map(read))]),
  );
}
