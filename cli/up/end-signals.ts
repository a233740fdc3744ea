/**
 * npm passes a terminal's Ctrl-C on to a program that the terminal has told already: what comes within this
 * time of another is the same wish.
 */
const SAME_WISH_MS = 500;

/** SIGINT and SIGTERM, counted: first the orderly end, then hurry, then at once. */
export class EndSignals {
  private readonly levels = [new AbortController(), new AbortController(), new AbortController()] as const;
  private lastMs = Number.NEGATIVE_INFINITY;
  private readonly listener = () => this.raise();

  /** Aborted by the first signal: end in order. */
  readonly end: AbortSignal = this.levels[0].signal;
  /** Aborted by the second: leave what is awake. */
  readonly hurry: AbortSignal = this.levels[1].signal;
  /** Aborted by the third: kill. */
  readonly kill: AbortSignal = this.levels[2].signal;

  constructor() {
    process.on('SIGINT', this.listener);
    process.on('SIGTERM', this.listener);
  }

  /** Counts one wish to end. */
  raise(): void {
    const nowMs = performance.now();
    if (nowMs - this.lastMs < SAME_WISH_MS) return;
    this.lastMs = nowMs;
    this.levels.find(({ signal }) => !signal.aborted)?.abort();
  }

  dispose(): void {
    process.off('SIGINT', this.listener);
    process.off('SIGTERM', this.listener);
  }
}
