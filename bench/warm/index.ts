/** What a request costs while its resource is awake, beside other proxies on the same core in the same run. */
import { cpus, loadavg } from 'node:os';
import type { Benchmark, Budget, Distribution, Figure, Plot } from '../contract.js';
import { shortNumber } from '../table.js';
import { type Contest, LOAD_CORE, startContest } from './contestants.js';
import { measure, medians, type Sample, type Sifted, undisturbed } from './rounds.js';

/** Further off its own median than this, and the round is thrown away. */
const TOLERANCE = 0.15;
const CONNECTIONS = 64;
/** Far below what the slowest peer can do, so that latency is not a queue. Requests per second. */
const STEADY_RATE = 1000;

const BUDGETS: Record<string, Budget> = {
  nginx: { better: 'larger', least: 0.43, aim: 0.55 },
  caddy: { better: 'larger', least: 2.2, aim: 2.8 },
  'configurable-http-proxy': { better: 'larger', least: 5, aim: 7 },
};

const cpu = (sample: Sample): number => sample.cpuUsPerRequest;

export const warm: Benchmark = {
  name: 'warm',
  about: 'CPU per request, rate and latency while awake, beside other proxies',
  async run(context) {
    const contest = await startContest(context);
    const { contestants, origin } = contest;
    const rounds = Number(process.env.REVEILLE_BENCH_ROUNDS ?? 9);
    const full = { connections: CONNECTIONS, seconds: 2 };
    const shape = { loadCore: LOAD_CORE, rounds };
    // Compiled and filled caches, as after the first seconds of a busy process.
    await measure(context, contestants, { ...shape, path: '/small', load: full, rounds: 1 });
    const small = await measure(context, contestants, { ...shape, path: '/small', load: full });
    const large = await measure(context, contestants, { ...shape, path: '/large', load: full });
    const pauseMs = (CONNECTIONS / STEADY_RATE) * 1000;
    const steady = await measure(context, [...contestants, origin], {
      ...shape,
      path: '/small',
      load: { ...full, pauseMs },
    });
    return result(contest, small, large, steady);
  },
};

function result(contest: Contest, small: Sample[], large: Sample[], steady: Sample[]) {
  const kept = undisturbed(small, cpu, TOLERANCE);
  const keptLarge = undisturbed(large, cpu, TOLERANCE);
  const costs = medians(kept.kept, cpu);
  const costsLarge = medians(keptLarge.kept, cpu);
  const notes = [
    'Proxy on one core, wrk and the origin (nginx) on the other. CPU per request is the figure to trust: it does not depend on what the other core can do.',
    siftingOf('small bodies', small, kept),
    siftingOf('100 KiB bodies', large, keptLarge),
    `Load of the machine over the last minutes, at the end: ${loadavg().map(shortNumber).join(', ')} on ${cpus().length} cores.`,
    ...(contest.absent.length > 0 ? [`Not installed here: ${contest.absent.join(', ')}.`] : []),
  ];
  return {
    figures: [
      ...ratios(costs, 'small bodies', BUDGETS),
      ...ratios(costsLarge, '100 KiB bodies', {}),
      ...costFigures(kept.kept, costs),
      ...latencies(steady),
    ],
    plots: plots(costs, costsLarge, steady),
    notes,
    raw: { small, large, steady, thrown: { small: kept.thrown, large: keptLarge.thrown } },
  };
}

function siftingOf(what: string, samples: readonly Sample[], { thrown, worst }: Sifted): string {
  const rounds = Math.max(0, ...samples.map(({ round }) => round));
  return `${what}: ${thrown.length} of ${rounds} rounds thrown away as disturbed; in the others a proxy was at most ${Math.round(worst * 100)} % off its own median.`;
}

/** How many times as many requests Reveille serves from the same processor time. */
function ratios(costs: Map<string, number>, what: string, budgets: Record<string, Budget>): Figure[] {
  const own = costs.get('Reveille') ?? Number.NaN;
  return [...costs]
    .filter(([name]) => name !== 'Reveille')
    .map(([name, cost]) => {
      const budget = budgets[name];
      const figure = { what: `requests per CPU second, ${what}, of ${name}`, value: cost / own, unit: '' };
      return budget === undefined ? figure : { ...figure, budget };
    });
}

function costFigures(samples: readonly Sample[], costs: Map<string, number>): Figure[] {
  const rates = medians(samples, ({ requestsPerSecond }) => requestsPerSecond);
  return [
    ...[...costs].map(([name, value]) => ({
      what: `CPU per request, small bodies: ${name}`,
      value,
      unit: 'µs',
    })),
    ...[...rates].map(([name, value]) => ({ what: `rate, small bodies: ${name}`, value, unit: '/s' })),
  ];
}

/** What each proxy adds to the origin's own latency, under the same load. */
function latencies(steady: readonly Sample[]): Figure[] {
  const p50 = medians(steady, ({ p50Ms }) => p50Ms);
  const p99 = medians(steady, ({ p99Ms }) => p99Ms);
  const base50 = p50.get('origin alone') ?? 0;
  const base99 = p99.get('origin alone') ?? 0;
  const caddy = p99.get('caddy');
  const figures: Figure[] = [];
  for (const [name, value] of p99) {
    if (name === 'origin alone') continue;
    figures.push({
      what: `added p50 at ${STEADY_RATE}/s: ${name}`,
      value: (p50.get(name) ?? 0) - base50,
      unit: 'ms',
    });
    const figure = { what: `added p99 at ${STEADY_RATE}/s: ${name}`, value: value - base99, unit: 'ms' };
    if (name !== 'Reveille' || caddy === undefined) figures.push(figure);
    else {
      const least = caddy - base99;
      figures.push({ ...figure, budget: { better: 'smaller', least, aim: least / 2 } });
    }
  }
  return figures;
}

function plots(costs: Map<string, number>, large: Map<string, number>, steady: readonly Sample[]): Plot[] {
  const bars = (values: Map<string, number>) => [...values].map(([label, value]) => ({ label, value }));
  const names = [...new Set(steady.map(({ name }) => name))];
  const p99: Distribution = {
    kind: 'distribution',
    name: 'warm-p99',
    title: `p99 of rounds at ${STEADY_RATE} requests/s`,
    unit: 'ms',
    series: names.map((label) => ({
      label,
      values: steady.filter(({ name }) => name === label).map(({ p99Ms }) => p99Ms),
    })),
  };
  return [
    { kind: 'bars', name: 'warm-cpu', title: 'CPU per request, small bodies', unit: 'µs', bars: bars(costs) },
    {
      kind: 'bars',
      name: 'warm-cpu-large',
      title: 'CPU per request, 100 KiB bodies',
      unit: 'µs',
      bars: bars(large),
    },
    p99,
  ];
}
