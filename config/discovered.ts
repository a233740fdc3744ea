/**
 * Resources that an engine's own labels define. A worker writes them into the state folder, unchecked; every part reads
 * them with the configuration. What is wrong with one of them takes out that one: the file is not to blame.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findContradictions } from './contradictions.js';
import { stateDir } from './host.js';
import { resourceSchema } from './resource-schema.js';
import { type Config, resourceName } from './schema.js';

export type Discovered = Readonly<Record<string, unknown>>;

export const discoveredFile = (config: Config): string => join(stateDir(config), 'discovered.json');

/** The configuration with what was discovered beside its own. @param refused is told what was left out, and why. */
export function addDiscovered(
  config: Config,
  discovered: Discovered,
  refused: (name: string, why: string) => void = () => {},
): Config {
  let whole = config;
  for (const [name, raw] of Object.entries(discovered)) {
    const added = withOne(whole, name, raw);
    if (typeof added === 'string') refused(name, added);
    else whole = added;
  }
  return whole;
}

/** What the worker has written last; nothing where discovery is off. */
export function readDiscovered(config: Config): Discovered {
  if (config.discover.docker === false) return {};
  try {
    const all: unknown = JSON.parse(readFileSync(discoveredFile(config), 'utf8'));
    return typeof all === 'object' && all !== null ? (all as Discovered) : {};
  } catch {
    return {};
  }
}

/** @returns why not, in words. */
function withOne(config: Config, name: string, raw: unknown): Config | string {
  if (!resourceName.safeParse(name).success)
    return 'its name cannot be that of a resource: set reveille.name';
  if (Object.hasOwn(config.resources, name) || Object.hasOwn(config.pools, name)) {
    return 'there is a resource of this name already';
  }
  const result = resourceSchema.safeParse(raw);
  if (!result.success) {
    const [issue] = result.error.issues;
    return `${issue?.path.join('.')}: expected ${issue?.message.split(' || ').at(-1)}`;
  }
  const whole = { ...config, resources: { ...config.resources, [name]: result.data } };
  const [first] = findContradictions(whole);
  return first === undefined ? whole : `${first.paths[0].join('.')}: ${first.message}`;
}
