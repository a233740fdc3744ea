import type { BenchContext, Benchmark, Figure } from '../contract.js';
import { type BenchStack, startStack } from '../stack.js';
import { quantile } from '../wake/journal.js';
import { bareEngine } from './bare.js';
import { type Subject, subjects } from './subjects.js';

interface Samples {
  /** All in ms. */
  readonly boot: number[];
  readonly wake: number[];
  readonly stop: number[];
  readonly suspend: number[];
  /** A wake from suspension. */
  readonly resume: number[];
}

/** Each provider on its real engine: what its own boot takes, what Reveille adds, and what suspension saves. */
export const engines: Benchmark = {
  name: 'engines',
  about: 'per provider: the engine’s own boot, the overhead on it, suspend against stop',
  async run(context) {
    const { present, absent } = await subjects(context);
    const resources = Object.fromEntries(
      present.map(({ provider, resource }) => [
        provider,
        { ...resource, idle: { after: '10m' }, routes: [{ path: `/${provider}`, strip: true }] },
      ]),
    );
    const stack = await startStack(context, { resources });
    const raw: Record<string, Samples> = {};
    const figures: Figure[] = [];
    for (const subject of present) {
      context.say(subject.provider);
      const samples = await measure(context, stack, subject);
      raw[subject.provider] = samples;
      figures.push(...figuresOf(subject.provider, samples));
    }
    const median = (values: readonly number[]) => quantile(values, 0.5);
    const bars = Object.entries(raw).flatMap(([provider, { wake, resume }]) => [
      { label: `${provider}, from stop`, value: median(wake) },
      ...(resume.length === 0 ? [] : [{ label: `${provider}, from suspend`, value: median(resume) }]),
    ]);
    return {
      figures,
      plots: [{ kind: 'bars', name: 'engines', title: 'A wake, by provider', unit: 'ms', bars }],
      notes: [
        'Medians. The own boot is that of the provider alone, until its health check passes.',
        'command starts the program by a script, http has a service on this machine start it.',
        ...absent,
      ],
      raw,
    };
  },
};

async function measure(context: BenchContext, stack: BenchStack, subject: Subject): Promise<Samples> {
  const { provider, rounds, suspends } = subject;
  const samples: Samples = { boot: [], wake: [], stop: [], suspend: [], resume: [] };
  const timed = async (into: number[], what: () => Promise<void>) => {
    const began = performance.now();
    await what();
    into.push(performance.now() - began);
  };
  const ask = async () => {
    const response = await fetch(`http://127.0.0.1:${stack.proxyPort}/${provider}/`);
    await response.arrayBuffer();
    if (response.status >= 500) throw new Error(`${provider}: ${response.status}`);
  };
  const bootBare = bareEngine(context, subject);
  // The first looks what the host can do.
  await bootBare();
  for (let round = 0; round < rounds && !context.signal.aborted; round++) {
    samples.boot.push(await bootBare());
    await timed(samples.wake, ask);
    if (suspends) {
      await timed(samples.suspend, () => stack.stopResource(provider, 'suspend'));
      await timed(samples.resume, ask);
    }
    await timed(samples.stop, () => stack.stopResource(provider, 'stop'));
  }
  await ask();
  await stack.stopResource(provider, 'delete');
  return samples;
}

function figuresOf(provider: string, { boot, wake, stop, suspend, resume }: Samples): Figure[] {
  const ms = (what: string, value: number): Figure => ({ what: `${provider}: ${what}`, value, unit: 'ms' });
  const median = (values: readonly number[]) => quantile(values, 0.5);
  return [
    ms('own boot', median(boot)),
    ms('overhead of a wake on it', median(wake) - median(boot)),
    ms('wake from stop', median(wake)),
    ms('stop', median(stop)),
    ...(resume.length === 0 ? [] : [ms('wake from suspend', median(resume)), ms('suspend', median(suspend))]),
  ];
}
