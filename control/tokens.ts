/** Looks at tokens that callers show, and bounds how fast somebody can guess. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Rates } from '../access/rates.js';
import { sourceOf } from '../access/source.js';
import type { Config, Logger } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';

type Limits = Config['control']['wrongTokens'];

const ALL = 'all';

/** Whether a token is the right one; neither its content nor its length shows in the time that it takes. */
export function isToken(given: string, token: string): boolean {
  return timingSafeEqual(digest(given), digest(token));
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export class Tokens {
  /** Wrong ones, by address. */
  readonly #wrong = new Rates();
  readonly #wrongInAll = new Rates();
  /** Addresses that have shown the right one, the least recent first: guesses of others do not lock them out. */
  readonly #right = new Set<string>();

  /** @param limits asked for each token: a reload changes them. */
  constructor(
    private readonly limits: () => Limits,
    private readonly log: Logger,
  ) {}

  /**
   * Compares a token with the right one. While an address is over its bound not even the right one is looked at: the
   * answer says nothing about a guess.
   * @param address the caller's.
   * @throws ReveilleError TOKEN_LIMITED, UNAUTHORIZED.
   */
  check(given: string, token: string, address: string): void {
    const source = sourceOf(address);
    const wait = this.#waitOf(source);
    if (wait > 0) throw new ReveilleError('TOKEN_LIMITED', undefined, { retryInMs: wait });
    if (!isToken(given, token)) throw this.#wrongFrom(address, source);
    this.#right.delete(source);
    this.#right.add(source);
    const [oldest] = this.#right;
    if (this.#right.size > this.limits().addresses && oldest !== undefined) this.#right.delete(oldest);
  }

  /** @returns milliseconds; 0 where a token from there is looked at. */
  #waitOf(source: string): number {
    const { perAddress, total, every } = this.limits();
    const now = performance.now();
    const own = this.#wrong.waitOf(source, { count: perAddress, every }, now);
    if (this.#right.has(source)) return own;
    return Math.max(own, this.#wrongInAll.waitOf(ALL, { count: total, every }, now));
  }

  /** One line each: there are no more of them than the bounds let through. */
  #wrongFrom(address: string, source: string): ReveilleError {
    const { perAddress, total, every, addresses } = this.limits();
    const now = performance.now();
    this.#wrong.take(source, { count: perAddress, every }, addresses, now);
    this.#wrongInAll.take(ALL, { count: total, every }, 1, now);
    const isLimited = this.#waitOf(source) > 0;
    const what = isLimited ? 'no more of its tokens are looked at for now' : 'refused';
    const line = { audit: true, wrongToken: true, from: address, limited: isLimited };
    this.log.warn(line, `A wrong token from ${address}: ${what}`);
    return new ReveilleError('UNAUTHORIZED', 'The token is not the right one');
  }
}
