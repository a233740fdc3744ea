/** Lets so many do something at the same time; the others wait, in the order in which they came. */
export class Turns {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** @param limit asked each time: a reload may change it. */
  constructor(private readonly limit: () => number) {}

  async take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    while (this.running >= this.limit()) await this.next(signal);
    signal.throwIfAborted();
    this.running += 1;
    try {
      return await work();
    } finally {
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }

  private next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.waiting.splice(this.waiting.indexOf(come), 1);
        reject(signal.reason);
      };
      const come = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
      this.waiting.push(come);
    });
  }
}
