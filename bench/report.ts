/** What is left of a run: a table on standard output, and files to draw and compare from. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { BenchResult } from './contract.js';
import { drawPlot } from './svg.js';
import { table } from './table.js';

/** Where and when the figures were seen. */
function machine(): Record<string, unknown> {
  const all = cpus();
  return {
    at: new Date().toISOString(),
    cpu: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
}

/**
 * Prints one benchmark's table and notes and writes NAME.json and its plots.
 * @param folder made where it is not there.
 * @param plots where plots go.
 */
export function reportResult(name: string, result: BenchResult, folder: string, plots: string): void {
  const { figures, notes, raw } = result;
  const lines = [`\n## ${name}\n`, table(figures), '', ...notes.map((note) => `- ${note}`)];
  process.stdout.write(`${lines.join('\n')}\n`);
  mkdirSync(folder, { recursive: true });
  const all = { benchmark: name, machine: machine(), figures, notes, raw };
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(all, undefined, 1)}\n`);
  mkdirSync(plots, { recursive: true });
  for (const plot of result.plots) writeFileSync(join(plots, `${plot.name}.svg`), drawPlot(plot));
}
