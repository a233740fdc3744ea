import { randomInt } from 'node:crypto';
import { pause } from '../../pause.js';
import { isRefusal, type Refusal } from './refusals.js';

const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 10_000;

/**
 * When a step looks and acts again: at an interval while the cloud does what it is asked for, ever more rarely while it
 * throttles or does not answer, and by chance a little earlier or later, so that not all come at once.
 */
export class Pace {
  private failures = 0;
  private failingSince = 0;

  /** @param patienceMs from the first of several failures in a row to giving up. */
  constructor(
    private readonly intervalMs: number,
    private readonly patienceMs: number,
  ) {}

  /**
   * Takes a turn of the step, which may fail for now.
   * @returns undefined where it did.
   * @throws Refusal where it failed for good, or for as long as `patienceMs`.
   */
  async try<T>(work: () => Promise<T>): Promise<{ done: T } | undefined> {
    try {
      const done = await work();
      this.failures = 0;
      return { done };
    } catch (error) {
      if (!isRefusal(error, 'again')) throw error;
      this.note(error);
      return undefined;
    }
  }

  async rest(signal: AbortSignal): Promise<void> {
    if (this.failures === 0) return pause(around(this.intervalMs), signal);
    const longest = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.failures);
    await pause(randomInt(Math.ceil(longest / 2), longest + 1), signal);
  }

  private note(refusal: Refusal): void {
    if (this.failures === 0) this.failingSince = performance.now();
    this.failures += 1;
    if (performance.now() - this.failingSince > this.patienceMs) throw refusal;
  }
}

/** Up to a quarter more or less. */
const around = (ms: number): number => ms * (0.75 + randomInt(501) / 1000);
