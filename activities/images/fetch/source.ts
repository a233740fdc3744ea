import { isLoopback } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import type { Digests, ImageSource } from '../contract.js';
import type { HashAlgorithm } from './hash-messages.js';
import { shownUrl } from './shown-url.js';

/** What is fetched. */
export interface FetchSource extends Pick<ImageSource, 'urls' | 'digests' | 'trusted'> {
  /** Sent to the origin of the first URL only, as long as nothing redirects elsewhere. */
  credentials?: { header: string; value: string };
}

const SCHEMES = new Set(['https:', 'http:', 'file:', 'magnet:']);
const LENGTHS: Record<HashAlgorithm, number> = { sha256: 64, sha512: 128, sha1: 40 };
export const ALGORITHMS = Object.keys(LENGTHS) as HashAlgorithm[];

/** The URLs, taken apart. @throws ReveilleError IMAGE_SOURCE_INVALID for one that is not to be used. */
export function checkedUrls({ urls, digests, trusted, credentials }: FetchSource): URL[] {
  checkDigests(digests);
  const checked = urls.map((text) => checkedUrl(text, trusted));
  const [first] = checked;
  if (credentials !== undefined && first?.protocol === 'http:' && !isLoopback(first.hostname)) {
    throw invalid(`${shownUrl(first)} is http: credentials are not sent there`);
  }
  return checked;
}

function checkedUrl(text: string, trusted: boolean): URL {
  if (!URL.canParse(text)) throw invalid('an image’s URL is no URL');
  const url = new URL(text);
  if (!SCHEMES.has(url.protocol)) throw invalid(`an image cannot be had by ${url.protocol}`);
  if (url.username !== '' || url.password !== '')
    throw invalid(`${shownUrl(url)} has a user or password in it`);
  if (url.protocol === 'magnet:' && !/^urn:btih:[0-9a-z]{32,40}$/i.test(url.searchParams.get('xt') ?? '')) {
    throw invalid('a magnet link names its torrent by xt=urn:btih:');
  }
  if (url.protocol === 'file:' && !trusted) {
    throw invalid(`${shownUrl(url)}: files of this host are named in its own configuration or on it`);
  }
  return url;
}

/** A digest by how long it is, or undefined where the text is none. */
export function digestFrom(text: string): Digests | undefined {
  const digest = text.toLowerCase();
  const algorithm = ALGORITHMS.find((name) => LENGTHS[name] === digest.length);
  return algorithm !== undefined && /^[0-9a-f]+$/.test(digest) ? { [algorithm]: digest } : undefined;
}

function checkDigests(digests: Digests): void {
  for (const algorithm of ALGORITHMS) {
    const digest = digests[algorithm];
    if (digest !== undefined && !(/^[0-9a-f]*$/.test(digest) && digest.length === LENGTHS[algorithm])) {
      throw invalid(`a ${algorithm} has ${LENGTHS[algorithm]} hexadecimal digits in lower case`);
    }
  }
}

/** The digests that do not agree, in words, or undefined. */
export function mismatch(seen: ReadonlyMap<HashAlgorithm, string>, wanted: Digests): string | undefined {
  const wrong = ALGORITHMS.filter((name) => wanted[name] !== undefined && wanted[name] !== seen.get(name));
  if (wrong.length === 0) return undefined;
  return wrong.map((name) => `${name} ${seen.get(name)} instead of ${wanted[name]}`).join(', ');
}

export const isDigestKnown = (digests: Digests): boolean =>
  ALGORITHMS.some((algorithm) => digests[algorithm] !== undefined);

const invalid = (why: string): ReveilleError => new ReveilleError('IMAGE_SOURCE_INVALID', why);
