import { ReveilleError } from '../errors/index.js';

export interface HoldLimits {
  /** Milliseconds. */
  time: number;
  perResource: number;
  total: number;
}

/** Counts what is held in the whole process, over all resources. */
export class HoldBudget {
  held = 0;
  constructor(public limits: HoldLimits) {}
}

interface Held<T> {
  since: number;
  settle(): void;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** The clients of one resource that wait, within bounds. */
export class HoldQueue<T> {
  private readonly waiting = new Set<Held<T>>();

  constructor(
    private readonly name: string,
    private readonly budget: HoldBudget,
  ) {}

  get size(): number {
    return this.waiting.size;
  }

  /**
   * Waits for `releaseAll` or `failAll`.
   * @param onTimeout the error when the hold time is over.
   * @throws ReveilleError HOLD_FULL at once; the signal's reason when the client goes away.
   */
  wait(signal: AbortSignal, onTimeout: () => ReveilleError): Promise<T> {
    const { limits } = this.budget;
    if (this.waiting.size >= limits.perResource)
      return Promise.reject(this.full('perResource', limits.perResource));
    if (this.budget.held >= limits.total) return Promise.reject(this.full('total', limits.total));
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => leave(onTimeout()), limits.time);
      const onAbort = () => leave(signal.reason);
      const held: Held<T> = {
        since: performance.now(),
        resolve,
        reject,
        settle: () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
          if (this.waiting.delete(held)) this.budget.held -= 1;
        },
      };
      const leave = (reason: unknown) => {
        held.settle();
        reject(reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.waiting.add(held);
      this.budget.held += 1;
    });
  }

  /** Lets everyone go, each with a value of its own. @param make gets how long that client waited, in ms. */
  releaseAll(make: (waitedMs: number) => T): void {
    const now = performance.now();
    for (const held of [...this.waiting]) {
      held.settle();
      held.resolve(make(now - held.since));
    }
  }

  failAll(error: unknown): void {
    for (const held of [...this.waiting]) {
      held.settle();
      held.reject(error);
    }
  }

  private full(key: string, bound: number): ReveilleError {
    const message = `${bound} requests are held already (proxy.hold.${key}), so ${this.name} takes no more`;
    return new ReveilleError('HOLD_FULL', message, { retryInMs: 5000 });
  }
}
