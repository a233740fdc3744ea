/**
 * The members of template pools: what they are called, and what a name says. A member is a resource of its own,
 * named POOL--SLUG; the parameters that it was made from travel with its wakes, since a slug cannot always be read
 * back.
 */
import { createHash } from 'node:crypto';

/** What a member was made from, by name. Never a secret: it stands in histories. */
export type Params = Readonly<Record<string, string>>;

const BETWEEN = '--';
const MAX_NAME = 63;
/** Characters of the hash: of 36 letters, so more than 80 bits. Who picks values cannot meet another's. */
const HASH_LENGTH = 16;
/** So that some of the value stays readable beside the hash. */
export const MAX_POOL_NAME = 40;
/** No two hyphens beside each other: so never what a hashed one looks like. */
const PLAIN = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Where the value of a key's part comes from. */
export interface KeyPart {
  from: 'capture' | 'user' | 'group' | 'groups';
  /** Of the parameter that it becomes. */
  name: string;
}

/** Names that mean something else to a command's REVEILLE_*. */
const RESERVED = /^(resource|generation|host|port|secret|member|temporal|listen_fd|client(_.*)?)$/;

/** Whether whoever makes a resource may choose this name for a parameter: its commands see it as REVEILLE_NAME. */
export const isFreeParameter = (name: string): boolean => name === 'member' || !RESERVED.test(name);

/** Reads a part of a key: `{name}`, `user`, `group` or `groups`. */
export function keyPart(text: string): KeyPart | undefined {
  if (text === 'user' || text === 'group' || text === 'groups') return { from: text, name: text };
  const name = /^\{([a-z][a-z0-9_]{0,31})\}$/.exec(text)?.[1];
  return name === undefined || RESERVED.test(name) ? undefined : { from: 'capture', name };
}

/** The parts of a key that the schema has checked. */
export function keyParts(key: readonly string[]): KeyPart[] {
  return key.flatMap((text) => keyPart(text) ?? []);
}

/**
 * The name of the member with these parameters, always the same: 1 to 63 of a-z, 0-9 and inner hyphens. What is no
 * plain slug gets a hash, so that two values never share a name.
 */
export function memberName(pool: string, params: Params): string {
  const entries = Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1));
  const [only, ...more] = entries.map(([, value]) => value);
  const start = pool + BETWEEN;
  const fits = only !== undefined && start.length + only.length <= MAX_NAME;
  if (fits && more.length === 0 && PLAIN.test(only)) return start + only;
  const room = MAX_NAME - start.length - BETWEEN.length - HASH_LENGTH;
  const slug = slugOf([only ?? '', ...more].join('-'), room);
  return `${start}${slug}${BETWEEN}${hashOf(JSON.stringify(entries))}`;
}

/** The pool's name, where this is formed as a member's name. */
export function poolPart(name: string): string | undefined {
  const end = name.indexOf(BETWEEN, 1);
  return end < 0 ? undefined : name.slice(0, end);
}

/** The value of a plain name; undefined where the name has a hash instead. */
export function plainValue(pool: string, name: string): string | undefined {
  const value = name.slice(pool.length + BETWEEN.length);
  return PLAIN.test(value) ? value : undefined;
}

/** What the names of all members of a pool begin with, and no others. */
export const membersStart = (pool: string): string => pool + BETWEEN;
export const isNamedAfter = (pool: string, name: string): boolean => name.startsWith(membersStart(pool));

/** The variables by which commands learn parameters. */
export function paramsEnvironment(params: Params): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [`REVEILLE_${name.toUpperCase()}`, value]),
  );
}

function slugOf(value: string, length: number): string {
  const slug = value.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const cut = slug.replace(/^-/, '').slice(0, length).replace(/-$/, '');
  return cut === '' ? 'x' : cut;
}

function hashOf(text: string): string {
  const digest = createHash('sha256').update(text).digest('hex');
  return BigInt(`0x${digest}`).toString(36).padStart(HASH_LENGTH, '0').slice(-HASH_LENGTH);
}
