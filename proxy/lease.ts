import type { Endpoint } from '../workflows/messages.js';

/** A moment by both clocks: a lease ends by whichever ends it first (a suspended machine stops the monotonic). */
export interface Moment {
  mono: number;
  wall: number;
}
export const moment = (): Moment => ({ mono: performance.now(), wall: Date.now() });

/** How one instance is used by this proxy, over all generations that own it. */
export class Usage {
  /** Requests in flight, upgraded and TCP connections. */
  open = 0;
  /** Those in flight that do not count as use. */
  quiet = 0;
  /** Monotonic time of the last use's end. */
  private lastUse = performance.now();
  /** Called when nothing is open any more; set by a revocation. */
  onDrained: (() => void) | undefined;

  constructor(readonly instance: string) {}

  begin(quiet: boolean): void {
    if (quiet) this.quiet += 1;
    else this.open += 1;
  }

  end(quiet: boolean): void {
    if (quiet) this.quiet -= 1;
    else {
      this.open -= 1;
      this.lastUse = performance.now();
    }
    if (this.inFlight > 0 || !this.onDrained) return;
    const drained = this.onDrained;
    this.onDrained = undefined;
    drained();
  }

  /** All that the end of the instance would cut off. */
  get inFlight(): number {
    return this.open + this.quiet;
  }

  /** Milliseconds since the last use; 0 while something is open. */
  get idleFor(): number {
    return this.open > 0 ? 0 : Math.round(performance.now() - this.lastUse);
  }
}

/** The right to forward to one generation until it ends (leases.md 3). */
export class Lease {
  /** Something was forwarded since the last renewal. */
  used = true;
  /** The workflow was told that its instance cannot be reached. */
  reported = false;
  private untilMono = 0;
  private untilWall = 0;
  private stretched = false;
  /** Length as it was granted, in ms. */
  length = 0;

  constructor(
    readonly generation: number,
    readonly endpoint: Endpoint,
    readonly usage: Usage,
  ) {}

  /**
   * Granted: it ends this long after the ask was *sent*; what the workflow let it wait is not lost.
   * @returns false where that time is over already: then nothing has changed.
   */
  extend(sent: Moment, granted: { lease: number; waited: number }): boolean {
    const span = granted.waited + granted.lease;
    if (sent.mono + span <= performance.now() || sent.wall + span <= Date.now()) return false;
    this.length = granted.lease;
    this.stretched = false;
    this.untilMono = sent.mono + span;
    this.untilWall = sent.wall + span;
    return true;
  }

  /** Temporal is out of reach and the lease still lives: once, it may be used for longer (leases.md 14). */
  stretch(ms: number): void {
    if (this.stretched || !this.live) return;
    this.stretched = true;
    this.untilMono += ms;
    this.untilWall += ms;
  }

  get isStretched(): boolean {
    return this.stretched;
  }

  get live(): boolean {
    return performance.now() < this.untilMono && Date.now() < this.untilWall;
  }

  /** Milliseconds that it still lives; 0 where it is over. */
  get left(): number {
    return Math.max(0, Math.min(this.untilMono - performance.now(), this.untilWall - Date.now()));
  }

  /** Milliseconds until three quarters of it are gone: then it is renewed or released. */
  renewalIn(): number {
    return Math.max(0, this.untilMono - performance.now() - this.length / 4);
  }

  get inUse(): boolean {
    return this.used || this.usage.open > 0;
  }
}
