import { isIPv4 } from 'node:net';
import { keyParts, memberName, type Params, plainValue, poolPart } from './members.js';
import { PARAMETER_VALUE, type PoolSettings } from './pool-schema.js';
import type { ResourceDefinition } from './resource-schema.js';
import type { Config } from './schema.js';

type Resources = Pick<Config, 'resources'>;
export type KeyPool = Extract<PoolSettings, { key: string[] }>;
export type CountPool = Extract<PoolSettings, { max: number }>;
/** A resource that is a template. */
export type Template<P extends PoolSettings = PoolSettings> = ResourceDefinition & { pool: P };

/** Under which a member of a pool by number knows its number. */
const MEMBER = 'member';

export const isKeyPool = (pool: PoolSettings): pool is KeyPool => 'key' in pool;

/** A resource that is no template: what can be awake under its own name. */
function ownDefinition({ resources }: Resources, name: string): ResourceDefinition | undefined {
  // Own properties only: `constructor` is a name that a caller may send.
  const definition = Object.hasOwn(resources, name) ? resources[name] : undefined;
  return definition?.pool === undefined ? definition : undefined;
}

export function templateOf({ resources }: Resources, pool: string): Template | undefined {
  const definition = Object.hasOwn(resources, pool) ? resources[pool] : undefined;
  return definition?.pool === undefined ? undefined : { ...definition, pool: definition.pool };
}

/** The pool whose member a name is, as far as the name tells. */
export function poolOfMember(config: Resources, name: string): string | undefined {
  const pool = poolPart(name);
  return pool !== undefined && templateOf(config, pool) !== undefined ? pool : undefined;
}

/** What a resource, or a member of a template pool, is booted with. Undefined for a pool itself. */
export function definitionOf(config: Resources, name: string): ResourceDefinition | undefined {
  const own = ownDefinition(config, name);
  if (own !== undefined) return own;
  const pool = poolOfMember(config, name);
  return pool === undefined ? undefined : config.resources[pool];
}

/** The parameters of a member, where its name alone tells them. */
export function paramsOfName(config: Resources, name: string): Params | undefined {
  const pool = poolOfMember(config, name);
  const settings = pool === undefined ? undefined : config.resources[pool]?.pool;
  if (pool === undefined || settings === undefined) return undefined;
  const value = plainValue(pool, name);
  if (value === undefined) return undefined;
  if (!isKeyPool(settings)) return { [MEMBER]: value };
  const [part, ...more] = keyParts(settings.key);
  return part === undefined || more.length > 0 ? undefined : { [part.name]: value };
}

/**
 * Whether a name is that of the member with these parameters, and there may be such a one. Who can start workflows
 * must not make members of their own.
 */
export function isMember(config: Resources, name: string, params: Params): boolean {
  const pool = poolOfMember(config, name);
  const settings = pool === undefined ? undefined : config.resources[pool]?.pool;
  if (pool === undefined || settings === undefined || memberName(pool, params) !== name) return false;
  if (!isKeyPool(settings)) return isNumber(settings, params);
  const parts = keyParts(settings.key);
  const complete = Object.keys(params).length === parts.length;
  return (
    complete &&
    parts.every(({ from, name: part }) => {
      const value = Object.hasOwn(params, part) ? params[part] : undefined;
      return value !== undefined && (from === 'capture' ? isAllowed(settings, value) : isAdmissible(value));
    })
  );
}

/** Whether a capture may have this value. */
export function isAllowed({ allow }: KeyPool, value: string): boolean {
  return isAdmissible(value) && wholly(allow).test(value);
}

/** Whether a value can be a parameter at all. */
export const isAdmissible = (value: string): boolean => PARAMETER_VALUE.test(value);

/** Whether a group of a user counts. */
export function countsAsGroup({ groups }: KeyPool, group: string): boolean {
  return groups === undefined || wholly(groups).test(group);
}

const compiled = new Map<string, RegExp>();
/** Patterns come from the configuration alone, so there are few. */
function wholly(pattern: string): RegExp {
  const known = compiled.get(pattern) ?? new RegExp(`^(?:${pattern})$`, 'u');
  compiled.set(pattern, known);
  return known;
}

function isNumber({ max }: CountPool, { [MEMBER]: value, ...more }: Params): boolean {
  const number = Number(value);
  return Object.keys(more).length === 0 && String(number) === value && number >= 1 && number <= max;
}

/** The members of a pool by number: their names and parameters, from the first on. */
export function numberedMembers(pool: string, count: number): { name: string; params: Params }[] {
  return Array.from({ length: count }, (_, index) => {
    const params = { [MEMBER]: String(index + 1) };
    return { name: memberName(pool, params), params };
  });
}

/**
 * How much longer a lease may be used while Temporal is out of reach, in ms. Never that of a member made for a key, nor
 * of a machine at an address that its cloud gives away: it may be somebody else's by then (leases.md 14).
 */
export function stretchOf({ lease, pool, gce }: ResourceDefinition): number {
  const isBorrowed = gce !== undefined && !isIPv4(gce.externalAddress);
  return isBorrowed || (pool !== undefined && isKeyPool(pool)) ? 0 : lease.stretch;
}
