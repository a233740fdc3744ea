import type { IncomingHttpHeaders } from 'node:http';
import { isOfEarlierBoot, type PartState, urlKey } from './part-state.js';
import type { Headers } from './request.js';

/** A Last-Modified is a strong validator when the answer is so much younger (RFC 9110 8.8.2.2 asks for a second). */
const STRONG_AGE_MS = 60_000;

/**
 * The headers that ask for what is missing, or undefined where all must come again: without a digest, only a strong
 * validator of the same URL tells that both halves are of one whole.
 * @param state what is known of the bytes that are there.
 */
export function askForRest(
  size: number,
  state: PartState | undefined,
  url: string,
  digestKnown: boolean,
): Headers | undefined {
  if (size === 0) return undefined;
  const range = { range: `bytes=${size}-` };
  if (state === undefined || state.url !== urlKey(url)) return digestKnown ? range : undefined;
  const validator = state.etag ?? state.lastModified;
  if (digestKnown) return validator === undefined ? range : { ...range, 'if-range': validator };
  return validator === undefined || isOfEarlierBoot(state) ? undefined : { ...range, 'if-range': validator };
}

/** What an answer says of its bytes as a whole. */
export function stateOf(
  url: string,
  headers: IncomingHttpHeaders,
  total: number | undefined,
): Omit<PartState, 'boot'> {
  const { etag, date, 'last-modified': lastModified } = headers;
  const strongTag = etag !== undefined && /^"[^"]*"$/.test(etag);
  const age = Date.parse(date ?? '') - Date.parse(lastModified ?? '');
  return {
    url: urlKey(url),
    ...(strongTag ? { etag } : {}),
    ...(lastModified !== undefined && age >= STRONG_AGE_MS ? { lastModified } : {}),
    ...(total === undefined ? {} : { total }),
  };
}

/** A Content-Range (RFC 9110 14.4) of bytes, in bytes; `last` is within. */
export interface ContentRange {
  first: number;
  last: number;
  total?: number;
}

/** @returns undefined where it is none, or an unsatisfied one. */
export function contentRange(text: string | undefined): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(text ?? '');
  if (match === null) return undefined;
  const [first, last] = [Number(match[1]), Number(match[2])];
  const total = match[3] === '*' ? undefined : Number(match[3]);
  if (first > last || (total !== undefined && last >= total)) return undefined;
  return total === undefined ? { first, last } : { first, last, total };
}

/** The size in the Content-Range of a 416. */
export function unsatisfiedSize(text: string | undefined): number | undefined {
  const match = /^bytes \*\/(\d{1,15})$/i.exec(text ?? '');
  return match === null ? undefined : Number(match[1]);
}
