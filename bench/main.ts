/** `npm run bench`: runs the benchmarks that were asked for, one after the other, and reports each. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Benchmark } from './contract.js';
import { engines } from './engines/index.js';
import { images } from './images/index.js';
import { reportResult } from './report.js';
import { traffic } from './traffic/index.js';
import { herd } from './wake/herd.js';
import { idle } from './wake/idle.js';
import { memory } from './wake/memory.js';
import { storm } from './wake/storm.js';
import { wake } from './wake/wake.js';
import { warm } from './warm/index.js';

/** In the order in which they run. */
const benchmarks: readonly Benchmark[] = [warm, traffic, wake, storm, herd, idle, memory, engines, images];

export interface BenchOptions {
  /** Names of benchmarks; none: all. */
  names: readonly string[];
  /** Folder of JSON files and, unless `plots` says otherwise, plots. */
  output: string;
  plots: string;
  signal: AbortSignal;
}

/** @returns whether every benchmark came to its end. */
export async function main({ names, output, plots, signal }: BenchOptions): Promise<boolean> {
  const unknown = names.filter((name) => !benchmarks.some((one) => one.name === name));
  if (unknown.length > 0) {
    const known = benchmarks.map((one) => `  ${one.name.padEnd(10)} ${one.about}`);
    say(`There is no benchmark named ${unknown.join(', ')}. There are:\n${known.join('\n')}`);
    return false;
  }
  let failed = 0;
  for (const one of benchmarks) {
    if (names.length > 0 && !names.includes(one.name)) continue;
    if (signal.aborted) return false;
    try {
      reportResult(one.name, await runOne(one, signal), output, plots);
    } catch (error) {
      failed++;
      say(`${one.name} failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  return failed === 0;
}

async function runOne(benchmark: Benchmark, signal: AbortSignal) {
  const folder = mkdtempSync(join(tmpdir(), `reveille-bench-${benchmark.name}-`));
  const undone: (() => void | Promise<void>)[] = [];
  try {
    return await benchmark.run({
      folder,
      signal,
      say: (progress) => say(`${benchmark.name}: ${progress}`),
      defer: (undo) => undone.push(undo),
    });
  } finally {
    for (const undo of undone.reverse()) await undo();
    rmSync(folder, { recursive: true, force: true });
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
