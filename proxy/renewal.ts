import type { Logger } from '../config/index.js';
import { temporalError } from '../temporal/index.js';
import type { ReadyState } from '../workflows/messages.js';
import { type Lease, moment } from './lease.js';
import type { WaiterServices } from './waiter.js';

const RETRY_MS = 1000;
/** A release that cannot be told is not worth more than this: the lease ends by itself. */
const RELEASE_TRIES = 3;

export interface RenewalOwner {
  current(): Lease | undefined;
  drop(lease: Lease): void;
  /** The lease is gone: ask again where it is in use. */
  wakeIfUsed(lease: Lease): void;
  stretchMs(): number;
}
interface RenewalServices extends WaiterServices {
  log: Logger;
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

  /** Tells the true end of use; the caller has dropped the lease already and forwards nothing. */
  async release(lease: Lease): Promise<void> {
    await this.touch(lease.generation, {
      open: lease.usage.open,
      idleFor: lease.usage.idleFor,
      release: true,
    });
  }

  /** The last request that was in flight at a revocation has ended. */
  drained(generation: number): void {
    void this.touch(generation, { open: 0, idleFor: 0, release: true });
  }

  private async check(lease: Lease): Promise<void> {
    if (this.owner.current() !== lease) return;
    if (!lease.inUse) {
      this.owner.drop(lease);
      await this.release(lease);
      return;
    }
    lease.used = false;
    const again = await this.renew(lease);
    if (again !== undefined && this.owner.current() === lease) this.schedule(lease, again);
  }

  /** @returns in how many ms to look again; undefined where the lease is gone. */
  private async renew(lease: Lease): Promise<number | undefined> {
    const { resources, nextAsk } = this.services;
    const ask = nextAsk();
    const sent = moment();
    const { generation, usage } = lease;
    try {
      const found = await resources.touch(this.name, {
        ...ask,
        generation,
        open: usage.open,
        idleFor: usage.idleFor,
      });
      const state = found ? await resources.ready(this.name) : undefined;
      if (this.owner.current() !== lease) return undefined;
      return this.apply(lease, state, sent, ask);
    } catch (error) {
      this.services.log.warn(
        { resource: this.name, code: temporalError(error).code },
        'a lease could not be renewed',
      );
      lease.used = true;
      if (this.owner.current() === lease) lease.stretch(this.owner.stretchMs());
      if (lease.live) return RETRY_MS;
      this.owner.drop(lease);
      return undefined;
    }
  }

  private apply(
    lease: Lease,
    state: ReadyState | undefined,
    sent: { mono: number; wall: number },
    { proxy, ask }: { proxy: string; ask: number },
  ): number | undefined {
    const answer = state?.answers[proxy];
    const ended = state === undefined || state.generation !== lease.generation;
    if (ended || state.phase === 'draining' || state.phase === 'stopping') {
      lease.used ||= lease.usage.open > 0;
      this.owner.drop(lease);
      if (ended) this.owner.wakeIfUsed(lease);
      return undefined;
    }
    if (answer?.ask === ask && answer.granted && state.ready) {
      lease.extend(sent, answer.granted);
      return lease.renewalIn();
    }
    // It is being inspected: the answer comes when that is over. Until its end the lease holds.
    lease.used = true;
    return RETRY_MS;
  }

  private async touch(
    generation: number,
    use: { open: number; idleFor: number; release: true },
  ): Promise<void> {
    for (let tries = 1; tries <= RELEASE_TRIES; tries++) {
      try {
        await this.services.resources.touch(this.name, { ...this.services.nextAsk(), generation, ...use });
        return;
      } catch (error) {
        const { code } = temporalError(error);
        this.services.log.warn({ resource: this.name, code, tries }, 'a lease could not be released');
      }
    }
  }
}
