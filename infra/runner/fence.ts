import { join } from 'node:path';
import { readJson, writeJson } from './files.js';

/** `fence.json`, which outlives the stack: what is late must not bring back what was destroyed. */
interface Fence {
  /** The youngest generation that asked for anything. */
  readonly newest: number;
  /** Generations up to this one were ended: they create nothing more. */
  readonly ended: number;
}

/**
 * Whether a generation may still act, noting that it does. To be called with the resource's lock held.
 * @returns undefined where it may; else which younger one was first, where one was.
 */
export function pass(
  folder: string,
  generation: number,
  kind: 'up' | 'destroy',
): { younger?: number } | undefined {
  const file = join(folder, 'fence.json');
  const { newest, ended } = readJson<Fence>(file) ?? { newest: 0, ended: 0 };
  if (newest > generation) return { younger: newest };
  if (kind === 'up' && ended >= generation) return {};
  writeJson(file, { newest: generation, ended: kind === 'destroy' ? generation : ended });
  return undefined;
}
