import type { Logger } from '../config/index.js';
import { temporalError } from '../temporal/index.js';
import type { Ask, ReadyState } from '../workflows/messages.js';
import type { GateMetrics } from './gate-metrics.js';
import { type Lease, type Moment, moment, type Usage } from './lease.js';
import type { WaiterServices } from './waiter.js';

const RETRY_MS = 1000;
/** After an answer that came too late the next touch is sent soon: the workflow is there again. */
const TOO_LATE_MS = 50;
/** A release that cannot be told is not worth more than this: the lease ends by itself. */
const RELEASE_TRIES = 3;
const RELEASE_TIMEOUT_MS = 3000;
/** The part of what is left of a lease after which a renewal that has no answer yet counts as failed. */
const PATIENCE = 0.5;

export interface RenewalOwner {
  current(): Lease | undefined;
  /** @param why unused: its instance goes on for its idle time. */
  drop(lease: Lease, why?: 'unused'): void;
  /** The lease is gone and something is in use: ask again. */
  wake(): void;
  stretchMs(): number;
  /** How much longer a lease without use is kept, in ms: for requests that do not count as use. */
  idleIn(lease: Lease): number;
}
type Use = Pick<Usage, 'open' | 'idleFor'>;

interface RenewalServices extends WaiterServices {
  log: Logger;
  metrics: Pick<GateMetrics, 'touched'>;
}

/** Renews a lease while it is used, and releases it when use has ended (leases.md 5 to 8, 14). */
export class Renewal {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly name: string,
    private readonly services: RenewalServices,
    private readonly owner: RenewalOwner,
  ) {}

  schedule(lease: Lease, inMs = lease.renewalIn()): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.check(lease), inMs);
  }

  cancel(): void {
    clearTimeout(this.timer);
  }

  /**
   * Tells the true end of use; the caller has dropped the lease already and forwards nothing.
   * @param tries 1 where somebody waits for it, such as the next process of this proxy.
   */
  async release(lease: Lease, tries = RELEASE_TRIES): Promise<void> {
    const { open, idleFor } = lease.usage;
    await this.tellRelease(lease.generation, { open, idleFor }, tries);
  }

  /** The last request that was in flight at a revocation has ended. */
  drained(generation: number): void {
    void this.tellRelease(generation, { open: 0, idleFor: 0 }, RELEASE_TRIES);
  }

  private async check(lease: Lease): Promise<void> {
    if (this.owner.current() !== lease) return;
    if (!lease.inUse && this.owner.idleIn(lease) <= 0) {
      this.owner.drop(lease, 'unused');
      await this.release(lease);
      return;
    }
    lease.used = false;
    const again = await this.renew(lease);
    if (again === undefined || this.owner.current() !== lease) return;
    // Given back at the moment from which it would stand in the way of the idle stop.
    this.schedule(lease, lease.inUse ? again : Math.min(again, Math.max(0, this.owner.idleIn(lease))));
  }

  /** @returns in how many ms to look again; undefined where the lease is gone. */
  private async renew(lease: Lease): Promise<number | undefined> {
    // A call that hangs has not failed yet when the lease ends; by then it is too late to stretch it.
    const overdue = setTimeout(() => this.stretch(lease), lease.left * PATIENCE);
    try {
      const { ask, sent, found } = await this.sendTouch(lease);
      const state = found ? await this.services.resources.ready(this.name) : undefined;
      if (this.owner.current() !== lease) return undefined;
      const again = this.apply(lease, state, sent, ask);
      this.services.metrics.touched(again === undefined ? 'refused' : 'renewed');
      return again;
    } catch (error) {
      const { code } = temporalError(error);
      this.services.log.warn({ resource: this.name, code }, 'a lease could not be renewed');
      this.services.metrics.touched('failed');
      return this.onFailure(lease);
    } finally {
      clearTimeout(overdue);
    }
  }

  private sendTouch({ generation, usage }: Lease) {
    const { resources, line, nextAsk } = this.services;
    return line.say(async () => {
      const ask = nextAsk();
      const sent = moment();
      const { open, idleFor } = usage;
      const found = await resources.touch(this.name, { ...ask, generation, open, idleFor });
      return { ask, sent, found };
    });
  }

  private onFailure(lease: Lease): number | undefined {
    if (this.owner.current() !== lease) return undefined;
    lease.used = true;
    this.stretch(lease);
    if (lease.live) return RETRY_MS;
    this.owner.drop(lease);
    if (lease.usage.open > 0) this.owner.wake();
    return undefined;
  }

  private stretch(lease: Lease): void {
    if (this.owner.current() === lease) lease.stretch(this.owner.stretchMs());
  }

  private apply(
    lease: Lease,
    state: ReadyState | undefined,
    sent: Moment,
    { proxy, ask }: Ask,
  ): number | undefined {
    const answer = state?.answers[proxy];
    if (state?.generation !== lease.generation) {
      const inUse = lease.inUse;
      this.owner.drop(lease);
      if (inUse) this.owner.wake();
      return undefined;
    }
    if (state.phase !== 'ready' && state.phase !== 'checking') {
      this.owner.drop(lease);
      return undefined;
    }
    if (answer?.ask === ask && answer.granted && state.ready) {
      if (lease.extend(sent, answer.granted)) return lease.renewalIn();
      // Its answer came too late, after an outage: what was stretched stays so until the next one.
      lease.used = true;
      return TOO_LATE_MS;
    }
    // It is being looked after: the answer comes when that is over. Until its end the lease holds.
    lease.used = true;
    return Math.max(RETRY_MS, lease.length / 8);
  }

  /** A retry keeps the number: one that comes after a later ask was granted must not take that grant back. */
  private tellRelease(generation: number, use: Use, tries: number): Promise<void> {
    return this.services.line.say(() => this.sendRelease(generation, use, tries));
  }

  private async sendRelease(generation: number, use: Use, most: number): Promise<void> {
    const touch = { ...this.services.nextAsk(), generation, ...use, release: true };
    for (let tries = 1; tries <= most; tries++) {
      try {
        await this.services.resources.touch(this.name, touch, RELEASE_TIMEOUT_MS);
        this.services.metrics.touched('released');
        return;
      } catch (error) {
        const { code } = temporalError(error);
        this.services.log.warn({ resource: this.name, code, tries }, 'a lease could not be released');
      }
    }
  }
}
