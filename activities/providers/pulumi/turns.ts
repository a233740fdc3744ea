/** Lets so many do something at the same time; the others wait, in the order in which they came. */
export class Turns {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** @param limit asked each time: a reload may change it. */
  constructor(private readonly limit: () => number) {}

  async take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const turn = this.next(signal);
    this.admit();
    await turn;
    try {
      return await work();
    } finally {
      this.running -= 1;
      this.admit();
    }
  }

  /** Lets in whom there is room for. To be called when the limit may have been raised. */
  admit(): void {
    while (this.running < this.limit()) {
      const come = this.waiting.shift();
      if (come === undefined) return;
      this.running += 1;
      come();
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
      signal.addEventListener('abort', leave, { once: true });
      this.waiting.push(come);
    });
  }
}
