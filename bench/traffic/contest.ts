import type { ChildProcess } from 'node:child_process';
import type { BenchContext, Figure } from '../contract.js';
import { cpuOfTree } from '../cpu.js';
import { median } from '../warm/rounds.js';

/** A proxy in front of something that is not plain HTTP. */
export interface Front {
  name: string;
  port: number;
  proxy: ChildProcess;
}

export interface Part {
  what: string;
  figures: Figure[];
  samples: { name: string; cpuUs: number; amount: number; seconds: number }[];
}

/**
 * Runs a load against each in turn, again and again.
 * @param unit what is counted: `message`, `MiB`.
 * @param load runs against a port; resolves with how much passed.
 */
export async function compare(
  context: BenchContext,
  { what, unit, fronts, rounds }: { what: string; unit: string; fronts: readonly Front[]; rounds: number },
  load: (port: number) => Promise<number>,
): Promise<Part> {
  const samples: Part['samples'] = [];
  for (let round = 0; round <= rounds && !context.signal.aborted; round++) {
    context.say(`${what}: round ${round} of ${rounds}`);
    for (const { name, port, proxy } of fronts) {
      const before = cpuOfTree(proxy.pid ?? 0);
      const began = performance.now();
      const amount = await load(port);
      const seconds = (performance.now() - began) / 1000;
      // The first round compiles.
      if (round > 0) samples.push({ name, amount, seconds, cpuUs: cpuOfTree(proxy.pid ?? 0) - before });
    }
  }
  const values = (name: string, read: (sample: Part['samples'][number]) => number) =>
    median(samples.filter((sample) => sample.name === name).map(read));
  const cost = (name: string) => values(name, ({ cpuUs, amount }) => cpuUs / amount);
  const [own, ...others] = fronts.map(({ name }) => name);
  if (own === undefined) return { what, figures: [], samples };
  return {
    what,
    samples,
    figures: [
      { what: `${what}: CPU per ${unit}`, value: cost(own), unit: 'µs' },
      {
        what: `${what}: rate`,
        value: values(own, ({ amount, seconds }) => amount / seconds),
        unit: `${unit}/s`,
      },
      ...others.map((name) => ({
        what: `${what}: ${unit} per CPU second, of ${name}`,
        value: cost(name) / cost(own),
        unit: '',
      })),
    ],
  };
}
