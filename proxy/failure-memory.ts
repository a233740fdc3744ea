import { ReveilleError } from '../errors/index.js';

/**
 * A failure that was told is told again from memory for this part of its backoff, and at least this long, so that
 * demand does not fill the history. The rest is asked for: it may have been mended.
 */
const REMEMBERED_PART = 0.1;
const MIN_REMEMBERED_MS = 1000;

/** How the last wake of a resource failed, for as long as that is worth telling. */
export class FailureMemory {
  #last: { error: ReveilleError; failedAt: number; forgetAt: number } | undefined;

  note(error: ReveilleError): void {
    const now = performance.now();
    const { retryInMs = 0 } = error;
    const forgetAt = now + Math.min(retryInMs, Math.max(retryInMs * REMEMBERED_PART, MIN_REMEMBERED_MS));
    this.#last = { error, failedAt: now, forgetAt };
  }

  forget(): void {
    this.#last = undefined;
  }

  /** The failure, with what is left of its backoff. */
  get current(): ReveilleError | undefined {
    const now = performance.now();
    if (this.#last === undefined || now >= this.#last.forgetAt) {
      this.#last = undefined;
      return undefined;
    }
    const { error, failedAt } = this.#last;
    return new ReveilleError(error.code, error.message, {
      retryInMs: Math.max(0, (error.retryInMs ?? 0) - (now - failedAt)),
      ...(error.log === undefined ? {} : { log: error.log }),
    });
  }
}
