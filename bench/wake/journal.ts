import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What bench/instance.mjs stamps. Clock times in ms. */
export interface Stamp {
  event: 'accepting' | 'stopping';
  at: number;
  /** When the process began, with `accepting`. */
  spawned?: number;
  generation: string;
}

export function readJournal(file: string): Stamp[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Stamp);
}

const INSTANCE = fileURLToPath(new URL('../../../bench/instance.mjs', import.meta.url));

/** A resource of reveille.yaml that stamps its life in a journal. */
export function stampingResource(name: string, journal: string, more: Record<string, unknown> = {}): object {
  return {
    provider: 'process',
    process: { command: [process.execPath, INSTANCE], env: { JOURNAL: journal } },
    health: { tcp: true },
    routes: [{ path: `/${name}` }],
    ...more,
  };
}

/** The p-th part of the values lies at or below this. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}
