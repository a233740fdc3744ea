/** What other traffic costs while its resource is awake: bodies of all sizes, few and many connections, WebSocket, TCP. */
import type { Benchmark, Figure } from '../contract.js';
import { type Contest, LOAD_CORE, startContest } from '../warm/contestants.js';
import type { Load } from '../warm/load.js';
import { measure, medians, type Sample } from '../warm/rounds.js';
import { tcp } from './tcp.js';
import { websocket } from './websocket.js';

interface Shape extends Omit<Load, 'url' | 'seconds'> {
  what: string;
  path: string;
}

const SECONDS = 1;
const SHAPES: readonly Shape[] = [
  { what: 'GET 1 KiB', path: '/1k', connections: 64 },
  { what: 'GET 64 KiB', path: '/64k', connections: 64 },
  { what: 'GET 10 MiB', path: '/10m', connections: 8 },
  { what: 'POST 64 KiB', path: '/sink', connections: 64, bodyBytes: 64 * 1024 },
  { what: 'GET small, 1 connection', path: '/small', connections: 1 },
  { what: 'GET small, 256 connections', path: '/small', connections: 256 },
];
/** The others were compared by `warm`. */
const PEERS = new Set(['Reveille', 'nginx', 'caddy']);

export const traffic: Benchmark = {
  name: 'traffic',
  about: 'bodies, connections, WebSocket messages and TCP bytes, by CPU beside other proxies',
  async run(context) {
    const rounds = Number(process.env.REVEILLE_BENCH_ROUNDS ?? 5);
    const contest: Contest = await startContest(context);
    const contestants = contest.contestants.filter(({ name }) => PEERS.has(name));
    // Compiled, as after the first seconds of a busy process.
    const warmUp = { path: '/1k', rounds: 2, load: { connections: 64, seconds: 2 }, loadCore: LOAD_CORE };
    await measure(context, contestants, warmUp);
    const figures: Figure[] = [];
    const raw: Record<string, unknown> = {};
    for (const { what, path, ...load } of SHAPES) {
      const options = { path, rounds, load: { ...load, seconds: SECONDS }, loadCore: LOAD_CORE };
      const samples = await measure(context, contestants, options);
      figures.push(...ratios(what, samples));
      raw[what] = samples;
    }
    for (const part of [websocket, tcp]) {
      const { figures: more, samples, what } = await part(context, rounds);
      figures.push(...more);
      raw[what] = samples;
    }
    const absent = contest.absent.length > 0 ? [`Not installed here: ${contest.absent.join(', ')}.`] : [];
    return {
      figures,
      plots: [],
      notes: [
        `${rounds} rounds of ${SECONDS} s each, interleaved; the proxy on one core, load and origin on the other. Medians of processor time.`,
        ...absent,
      ],
      raw,
    };
  },
};

function ratios(what: string, samples: readonly Sample[]): Figure[] {
  const costs = medians(samples, ({ cpuUsPerRequest }) => cpuUsPerRequest);
  const own = costs.get('Reveille') ?? Number.NaN;
  return [...costs].map(([name, cost]) =>
    name === 'Reveille'
      ? { what: `${what}: CPU per request`, value: cost, unit: 'µs' }
      : { what: `${what}: requests per CPU second, of ${name}`, value: cost / own, unit: '' },
  );
}
