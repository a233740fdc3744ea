import type { BootRequest } from '../contract.js';
import type { Machine } from './resources.js';

/** Labels of machines. They hold names and numbers, never a setting that could be a secret. */
export const LABELS = {
  /** Whose it is: the site, as the configuration or the state folder names it. */
  owner: 'reveille-owner',
  resource: 'reveille-resource',
  generation: 'reveille-generation',
  /** How that generation came to it: it has `made` it, or found it `asleep` or `running`. */
  found: 'reveille-found',
  /** Reveille created it, and may delete it. */
  made: 'reveille-made',
} as const;

/** In the metadata: a label has no room for it. */
export const PARAMS = 'reveille-params';

/** What the labels of a machine say. */
export interface Marks {
  readonly owner: string | undefined;
  readonly resource: string | undefined;
  /** 0 where no generation has had it. */
  readonly generation: number;
  readonly isMade: boolean;
  /** made, asleep or running. */
  readonly found: string | undefined;
}

export function marksOf({ labels = {} }: Machine): Marks {
  return {
    owner: labels[LABELS.owner],
    resource: labels[LABELS.resource],
    generation: Number(labels[LABELS.generation] ?? 0),
    isMade: labels[LABELS.made] === 'yes',
    found: labels[LABELS.found],
  };
}

/** The labels of a machine that a generation is about to use. */
export function labelsFor(
  { name, generation }: Pick<BootRequest, 'name' | 'generation'>,
  owner: string,
  found: 'made' | 'asleep' | 'running',
): Record<string, string> {
  return {
    [LABELS.owner]: owner,
    [LABELS.resource]: name,
    [LABELS.generation]: String(generation),
    [LABELS.found]: found,
    ...(found === 'made' ? { [LABELS.made]: 'yes' } : {}),
  };
}

/** What the member of a pool was made from. */
export function paramsOf({ metadata }: Machine): Record<string, string> | undefined {
  const text = metadata?.items?.find(({ key }) => key === PARAMS)?.value;
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    return undefined;
  }
}
