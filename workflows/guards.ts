import type { AdoptArgs, TouchArgs, UnreachableArgs } from './messages.js';

/**
 * Signals may be sent by hand, with any argument. What makes no sense changes nothing: an error in a handler would
 * fail the workflow's task, again and again.
 */
type Fields<T> = { readonly [K in keyof T]?: unknown };

const isRecord = (args: unknown): args is object => typeof args === 'object' && args !== null;

/** The argument of a signal that needs none. */
export const optional = <T extends object>(args: T | undefined): Partial<T> => (isRecord(args) ? args : {});

export function isTouch(args: unknown): args is TouchArgs {
  if (!isRecord(args)) return false;
  const { proxy, ask, at, generation, open, idleFor }: Fields<TouchArgs> = args;
  const texts = typeof proxy === 'string' && typeof at === 'string';
  return texts && [ask, generation, open, idleFor].every(Number.isFinite);
}

export function isUnreachable(args: unknown): args is UnreachableArgs {
  if (!isRecord(args)) return false;
  const { generation }: Fields<UnreachableArgs> = args;
  return Number.isFinite(generation);
}

export function isAdopt(args: unknown): args is AdoptArgs {
  if (!isRecord(args)) return false;
  const { instance }: Fields<AdoptArgs> = args;
  return isRecord(instance) && 'id' in instance && 'endpoint' in instance && isRecord(instance.endpoint);
}
