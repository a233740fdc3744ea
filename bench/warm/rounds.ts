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

export interface Sifted {
  kept: Sample[];
  /** Numbers of the rounds that were thrown away. */
  thrown: number[];
  /** How far a contestant was off its own median at most, in the rounds that were kept. */
  worst: number;
}

/**
 * Throws away the rounds in which the value of any contestant is far off its own median: somebody else used the
 * machine then. On a machine that is never quiet the quietest third is kept all the same.
 */
export function undisturbed(
  samples: readonly Sample[],
  read: (sample: Sample) => number,
  tolerance: number,
): Sifted {
  const usual = medians(samples, read);
  const worstOf = new Map<number, number>();
  for (const sample of samples) {
    const median = usual.get(sample.name) ?? Number.NaN;
    const off = Math.abs(read(sample) - median) / median;
    worstOf.set(sample.round, Math.max(off, worstOf.get(sample.round) ?? 0));
  }
  const rounds = [...worstOf].sort(([, a], [, b]) => a - b);
  const fewest = Math.ceil(rounds.length / 3);
  const kept = new Map(rounds.filter(([, off], i) => off <= tolerance || i < fewest));
  return {
    kept: samples.filter(({ round }) => kept.has(round)),
    thrown: rounds.map(([round]) => round).filter((round) => !kept.has(round)),
    worst: Math.max(0, ...kept.values()),
  };
}

/** The median of one value for each contestant, in the order of their first samples. */
export function medians(samples: readonly Sample[], read: (sample: Sample) => number): Map<string, number> {
  const names = new Set(samples.map(({ name }) => name));
  return new Map(
    [...names].map((name) => [name, median(samples.filter((one) => one.name === name).map(read))]),
  );
}
