/** Counts how often something happens, for many at once, within a bound of memory. */

interface Bucket {
  tokens: number;
  /** Monotonic clock, ms. */
  at: number;
}

export interface Rate {
  /** How often, within the time. */
  count: number;
  /** Milliseconds. */
  every: number;
}

/** Token buckets: a full count at once, and then as they fill again, evenly. */
export class Rates {
  readonly #buckets = new Map<string, Bucket>();

  /** @returns 0 where one more is within the rate, else the milliseconds until it is. Takes nothing. */
  waitOf(key: string, rate: Rate, now: number): number {
    const tokens = this.#tokensOf(key, rate, now);
    return tokens >= 1 ? 0 : ((1 - tokens) * rate.every) / rate.count;
  }

  /** @param most keys that are counted; whoever was counted least lately goes first. */
  take(key: string, rate: Rate, most: number, now: number): void {
    const tokens = this.#tokensOf(key, rate, now) - 1;
    this.#buckets.delete(key);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size >= most && oldest !== undefined) this.#buckets.delete(oldest);
    this.#buckets.set(key, { tokens, at: now });
  }

  #tokensOf(key: string, { count, every }: Rate, now: number): number {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return count;
    return Math.min(count, bucket.tokens + ((now - bucket.at) * count) / every);
  }
}
