/**
 * Public keys that tokens are signed with: fetched when first needed, anew when they are old or a token names one
 * that is not known, and kept for a bounded time while they cannot be had. Without keys nobody is known; that is
 * an error of its own, and never opens a door.
 */
import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import type { Logger } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';

/** A set of keys beyond this is a mistake. */
const MAX_BYTES = 1024 * 1024;

export interface KeySourceOptions {
  /** http(s):// URL, or an absolute path. */
  place: string;
  /** Milliseconds each; see JwtDefinition. */
  refresh: number;
  stale: number;
  retry: number;
  timeout: number;
  log: Logger;
}

export class KeySource {
  #keys: JWTVerifyGetKey | undefined;
  /** Monotonic clock, ms. */
  #fetchedAt = 0;
  #triedAt: number | undefined;
  #fetching: Promise<void> | undefined;
  /** Grows whenever the keys changed: what was checked with others counts no more. */
  version = 0;
  #text = '';

  constructor(private readonly options: KeySourceOptions) {}

  /**
   * The key of a token, for jose.
   * @throws ReveilleError IDENTITY_UNAVAILABLE; jose's errors where no key fits.
   */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const keys = await this.#current();
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      // Issuers change keys: a new one may be there.
      const before = this.version;
      await this.#refetch();
      if (this.version === before || this.#keys === undefined) throw error;
      return await this.#keys(header, token);
    }
  };

  async #current(): Promise<JWTVerifyGetKey> {
    const age = performance.now() - this.#fetchedAt;
    const { refresh, stale } = this.options;
    if (this.#keys !== undefined && age < stale) {
      // Nobody waits for a refreshment.
      if (age >= refresh) void this.#refetch();
      return this.#keys;
    }
    await this.#refetch();
    if (this.#keys === undefined || performance.now() - this.#fetchedAt >= stale) {
      const retryInMs = this.options.retry;
      throw new ReveilleError('IDENTITY_UNAVAILABLE', undefined, { retryInMs });
    }
    return this.#keys;
  }

  /** One fetch at a time, and not too often. Never rejects: what is known stays. */
  #refetch(): Promise<void> {
    if (this.#fetching !== undefined) return this.#fetching;
    const now = performance.now();
    if (this.#triedAt !== undefined && now - this.#triedAt < this.options.retry) return Promise.resolve();
    this.#triedAt = now;
    this.#fetching = this.#fetch()
      .catch((error: unknown) => {
        this.options.log.warn({ err: error, place: this.options.place }, 'no keys to check tokens with');
      })
      .finally(() => {
        this.#fetching = undefined;
      });
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    const { place, timeout } = this.options;
    const text = /^https?:/i.test(place) ? await download(place, timeout) : await readFile(place, 'utf8');
    const keys = createLocalJWKSet(JSON.parse(text));
    this.#fetchedAt = performance.now();
    if (text === this.#text) return;
    this.#text = text;
    this.#keys = keys;
    this.version++;
  }
}

async function download(url: string, timeoutMs: number): Promise<string> {
  const response = await fetch(url, {
    headers: { Accept: 'application/jwk-set+json, application/json' },
    // Keys come from where the configuration says, and from nowhere else.
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    throw new Error(`${url} answered ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`${url} sends more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
