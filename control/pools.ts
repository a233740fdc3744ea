/** Names that stand for members: nothing is ever awake under them. */
import {
  type Config,
  isNamedAfter,
  type MemberPoolDefinition,
  membersStart,
  templateOf,
} from '../config/index.js';
import type { RunsOf } from '../temporal/index.js';

export function isPool(config: Config, name: string): boolean {
  return templateOf(config, name) !== undefined || namedPool(config, name) !== undefined;
}

/** A pool whose members are resources of their own. */
export function namedPool({ pools }: Config, name: string): MemberPoolDefinition | undefined {
  return Object.hasOwn(pools, name) ? pools[name] : undefined;
}

/** Which names a line is about: those of a pool's members, or its own. */
export function whoseNames(config: Config, name: string): (one: string) => boolean {
  const named = namedPool(config, name);
  if (named !== undefined) return (one) => named.members.includes(one);
  return isPool(config, name) ? (one) => isNamedAfter(name, one) : (one) => one === name;
}

/** The same for the server's list of executions. */
export function runsOf(config: Config, name: string): RunsOf {
  const named = namedPool(config, name);
  if (named !== undefined) return { names: named.members };
  return isPool(config, name) ? { nameStart: membersStart(name) } : { names: [name] };
}
