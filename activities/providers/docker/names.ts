/** How containers that Reveille created are known. */

/** Labels of each. They hold names and numbers, never a setting that could be a secret. */
export const LABELS = {
  /** Which Reveille of this engine made it: the id of its state folder. */
  owner: 'reveille.owner',
  resource: 'reveille.resource',
  /** Of the settings that it was made from. */
  revision: 'reveille.revision',
  /** Port of the host that it is published at, or that it was given as PORT. */
  port: 'reveille.port',
  /** JSON: what the member of a pool was made from. */
  params: 'reveille.params',
} as const;

const ASLEEP = '.asleep';

/** What a container's name says of it. */
export interface Naming {
  readonly name: string;
  readonly generation: number;
  /** A stop of that generation has begun: nothing starts it under this name. */
  readonly isAsleep: boolean;
}

/**
 * A container's name is the decision on it. `…NAME.G` may be started by the boot of generation G alone; a stop of G
 * renames it to `…NAME.G.asleep` first, a boot of a younger generation to its own. The engine lets one rename of a
 * name win, and refuses what is asked of a name that is no more: so whoever was paused meanwhile does nothing. (Of two
 * that reach the engine within the same microseconds the later may win: docs/providers.md.)
 */
export function nameOf(owner: string, resource: string, generation: number): string {
  return `reveille-${owner}-${resource}.${generation}`;
}

export const asleep = (name: string): string => (name.endsWith(ASLEEP) ? name : name + ASLEEP);

/** @returns undefined for a name that somebody else gave. */
export function readName(name: string): Naming | undefined {
  const bare = name.replace(/^\//, '');
  const match = /\.(\d+)(\.asleep)?$/.exec(bare);
  if (!bare.startsWith('reveille-') || match === null) return undefined;
  return { name: bare, generation: Number(match[1]), isAsleep: match[2] !== undefined };
}
