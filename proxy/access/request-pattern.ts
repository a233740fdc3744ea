/** Patterns of requests: method, path, header, address. All that a pattern names must fit. */
import type { IncomingMessage } from 'node:http';
import { trustedPeers } from '../../access/peer.js';
import { valuesOf } from '../../access/raw-fields.js';
import type { RequestPattern } from '../../config/index.js';
import { meaningsOf } from '../request-target.js';

/** A request, as patterns see it. */
export interface Question {
  readonly request: IncomingMessage;
  /** Without its query. */
  readonly path: string;
  /** The client's. */
  address(): string;
}

/**
 * Which readings of a path have to fit. Servers differ in what they decode and drop: what a rule grants, every
 * reading must deserve; what it refuses, one reading is enough for, capitals or not.
 */
export type Readings = 'every' | 'any';

export type Matcher = (question: Question, readings: Readings) => boolean;

/** @throws ReveilleError CONFIG_INVALID. */
export function matcherOf({ methods, path, header = {}, addresses }: RequestPattern): Matcher {
  const inBlocks = addresses && trustedPeers(addresses);
  const exact = path === undefined ? undefined : globOf(path);
  const folded = path === undefined ? undefined : globOf(path.toLowerCase());
  const fields = Object.entries(header).map(([name, value]) => ({
    name: name.toLowerCase(),
    fits: globOf(value.toLowerCase()),
  }));
  return (question, readings) => {
    const { request } = question;
    if (methods !== undefined && !methods.includes(request.method ?? '')) return false;
    if (inBlocks !== undefined && !inBlocks(question.address())) return false;
    for (const { name, fits } of fields) {
      // Sent twice, servers take the first, the last, or both: each is a reading of its own.
      const values = valuesOf(request.rawHeaders, name).map((value) => value.toLowerCase());
      const isFit = readings === 'every' ? values.every(fits) : [...values, values.join(', ')].some(fits);
      if (values.length === 0 || !isFit) return false;
    }
    if (exact === undefined || folded === undefined) return true;
    const paths = readingsOf(question.path);
    return readings === 'every' ? paths.every(exact) : paths.some((one) => isOne(folded, one.toLowerCase()));
  };
}

/** To many servers a slash at the end says nothing. */
function isOne(fits: (text: string) => boolean, path: string): boolean {
  return fits(path) || (path.length > 1 && path.endsWith('/') && fits(path.slice(0, -1)));
}

/** All that servers may take a path for; `;parameters` of segments kept or dropped. */
function readingsOf(path: string): string[] {
  const meanings = new Set([path, ...(meaningsOf(path) ?? [])]);
  for (const one of [...meanings]) {
    const bare = one.replace(/;[^/]*/g, '');
    meanings.add(bare);
    for (const meaning of meaningsOf(bare) ?? []) meanings.add(meaning);
  }
  return [...meanings];
}

/** `*` stands for anything. Looks for the parts in between from left to right: no text makes it slow. */
export function globOf(pattern: string): (text: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  return (text) => {
    if (!text.startsWith(first)) return false;
    let from = first.length;
    for (const part of rest) {
      const found = text.indexOf(part, from);
      if (found < 0) return false;
      from = found + part.length;
    }
    return text.length - from >= last.length && text.endsWith(last);
  };
}
