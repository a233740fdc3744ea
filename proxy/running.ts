/** Something under way for a client that the end of the proxy has to end. */
export interface Running {
  /** Its place; whoever keeps it sets it. */
  slot: number;
  /** The drain time is over. */
  shutDown(): void;
}

/**
 * All that is under way. No Set: as it churns, a Set leaves tables behind that point to their successors and to
 * what was in them, and once one of these is old, every request lives on until the next full collection (seen
 * with --trace-gc: a third of what was new survived each scavenge).
 */
export class RunningList {
  readonly #all: Running[] = [];

  /** @param onEnd called after each that was taken out. */
  constructor(private readonly onEnd?: () => void) {}

  get size(): number {
    return this.#all.length;
  }

  add(one: Running): void {
    one.slot = this.#all.length;
    this.#all.push(one);
  }

  /** Once for each that was added. */
  delete(one: Running): void {
    const last = this.#all.pop();
    if (last !== undefined && last !== one) {
      this.#all[one.slot] = last;
      last.slot = one.slot;
    }
    this.onEnd?.();
  }

  /** As of now: whoever is ended meanwhile takes itself out. */
  snapshot(): Running[] {
    return [...this.#all];
  }
}
