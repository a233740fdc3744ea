import { ReveilleError } from '../../../errors/index.js';
import type { Endpoint } from '../../../workflows/messages.js';

/** Values of {name} in paths and bodies. Many are the client's to choose. */
export type Values = Readonly<Record<string, string>>;

const PLACE = /\{([a-z][a-z0-9_]{0,31})\}/g;

/**
 * Fills a path: each value is one segment, or one value of a query, whatever it holds.
 * @throws ReveilleError BOOT_FAILED for a name without a value, and for a value that URLs cannot hold as a segment.
 */
export function fillPath(path: string, values: Values): string {
  const filled = path.replace(PLACE, (_, name: string) => {
    // A comma means nothing in a path (RFC 3986, 3.3), and services take lists with it.
    return encodeURIComponent(wantedValue(name, values)).replaceAll('%2C', ',');
  });
  const [only = ''] = filled.split('?', 1);
  if (only.split('/').some((segment) => segment === '.' || segment === '..'))
    throw new ReveilleError('BOOT_FAILED', `${path} with these values leads to another path`);
  return filled;
}

/** Fills the texts of a body, which becomes JSON afterwards. */
export function fillBody(body: unknown, values: Values): unknown {
  if (typeof body === 'string') return body.replace(PLACE, (_, name: string) => wantedValue(name, values));
  if (Array.isArray(body)) return body.map((one) => fillBody(one, values));
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(Object.entries(body).map(([key, one]) => [key, fillBody(one, values)]));
}

function wantedValue(name: string, values: Values): string {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value !== undefined) return value;
  throw new ReveilleError('BOOT_FAILED', `{${name}} has no value: it is no parameter of the resource`);
}

/**
 * The endpoints that an answer names, in its order: one, or a list of URLs or HOST:PORTs.
 * @param pointer RFC 6901.
 */
export function endpointsIn(answer: unknown, pointer: string): Endpoint[] {
  const found = valueAt(answer, pointer);
  return (Array.isArray(found) ? found : [found]).flatMap((one) => endpointOf(one) ?? []);
}

/** The list at a place of an answer; nothing where there is none. @param pointer RFC 6901. */
export function itemsIn(answer: unknown, pointer: string): unknown[] {
  const found = valueAt(answer, pointer);
  return Array.isArray(found) ? found : [];
}

/** The text or number at a place of an answer, as text. @param pointer RFC 6901. */
export function textAt(answer: unknown, pointer: string): string | undefined {
  const found = valueAt(answer, pointer);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
}

function valueAt(answer: unknown, pointer: string): unknown {
  let found = answer;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

function endpointOf(text: unknown): Endpoint | undefined {
  if (typeof text !== 'string') return undefined;
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname, port } = new URL(url);
  if (hostname === '' || protocol !== 'http:') return undefined;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 80 : Number(port) };
}

/** Whether a status is one of those of the configuration: 200, 200-299, or a list of them. */
export function isAmong(status: number, wanted: number | string | readonly (number | string)[]): boolean {
  if (typeof wanted === 'object') return wanted.some((one) => isAmong(status, one));
  const [first = 0, last = first] = String(wanted).split('-').map(Number);
  return first <= status && status <= last;
}
