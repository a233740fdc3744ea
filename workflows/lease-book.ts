import type { ErrorCode } from '../errors/index.js';
import type { Answer, Ask, LeaseStatus } from './messages.js';

/** The workflow counts a lease this much longer than its proxy does (leases.md 3). */
const MARGIN_MS = 1000;
/** Proxies whose past is remembered for deduplication. Far above the proxies that live at once. */
const MAX_PROXIES = 200;

interface Lease {
  at: string;
  /** Workflow clock. */
  until: number;
  open: number;
}
interface Waiting {
  at: string;
  ask: number;
  /** Workflow clock at the ask's arrival. */
  since: number;
  open: number;
}

/** Plain data, because it travels through continue-as-new. */
export interface LeaseBookState {
  lastAsk: Record<string, number>;
  waiting: Record<string, Waiting>;
  answers: Record<string, Answer>;
  leases: Record<string, Lease>;
  /** Proxies whose last lease ended without release: they may stretch it, and are asked before a stop. */
  unreleased: Record<string, string>;
}

const emptyState = (): LeaseBookState => ({
  lastAsk: {},
  waiting: {},
  answers: {},
  leases: {},
  unreleased: {},
});

/**
 * Who asked, who may forward and until when (leases.md). Knows nothing of phases, and takes the time from its
 * caller: the workflow's clock.
 */
export class LeaseBook {
  constructor(readonly state: LeaseBookState = emptyState()) {}

  /** Notes a sending. @returns false where it is not newer than the last one of that proxy: it changes nothing. */
  note({ proxy, ask }: Ask): boolean {
    const { lastAsk } = this.state;
    if (ask <= (lastAsk[proxy] ?? Number.NEGATIVE_INFINITY)) return false;
    lastAsk[proxy] = ask;
    this.forgetOldest();
    return true;
  }

  /** The ask waits for `grantAll` or `refuseAll`. */
  wait({ proxy, ask, at }: Ask, now: number, open = 0): void {
    this.state.waiting[proxy] = { ask, at, since: now, open };
  }

  get anyWaiting(): boolean {
    return Object.keys(this.state.waiting).length > 0;
  }

  /** Grants everyone who waits: they may forward to that generation. */
  grantAll(leaseMs: number, generation: number, now: number): void {
    for (const [proxy, { ask, at, since, open }] of Object.entries(this.state.waiting)) {
      this.state.answers[proxy] = { ask, granted: { lease: leaseMs, waited: now - since, generation } };
      this.state.leases[proxy] = { at, until: now + leaseMs + MARGIN_MS, open };
      delete this.state.unreleased[proxy];
    }
    this.state.waiting = {};
  }

  refuseAll(code: ErrorCode, retryIn: number): void {
    for (const [proxy, { ask }] of Object.entries(this.state.waiting)) {
      this.state.answers[proxy] = { ask, refused: { code, retryIn } };
    }
    this.state.waiting = {};
  }

  setOpen(proxy: string, open: number): void {
    const lease = this.state.leases[proxy];
    if (lease) lease.open = open;
  }

  /** The proxy forwards nothing more until a later ask is granted. What it has asked for meanwhile stays asked. */
  release(proxy: string): void {
    delete this.state.leases[proxy];
    delete this.state.unreleased[proxy];
  }

  /** The proxy stretches nothing. A lease that it was granted since it was asked is another matter, and stays. */
  forgetStretch(proxy: string): void {
    delete this.state.unreleased[proxy];
  }

  /** Drops leases that have run out. @returns the latest end of those (they count as use until then), or 0. */
  expire(now: number): number {
    let latest = 0;
    for (const [proxy, lease] of Object.entries(this.state.leases)) {
      if (lease.until > now) continue;
      latest = Math.max(latest, lease.until);
      this.state.unreleased[proxy] = lease.at;
      delete this.state.leases[proxy];
    }
    return latest;
  }

  /** When the last live lease ends; 0 where none lives. */
  get lastEnd(): number {
    return Object.values(this.state.leases).reduce((latest, lease) => Math.max(latest, lease.until), 0);
  }

  /** Everybody who holds a lease, or may still stretch one. */
  holders(): { proxy: string; at: string }[] {
    const live = Object.entries(this.state.leases).map(([proxy, { at }]) => ({ proxy, at }));
    return [...live, ...this.unreleased()];
  }

  unreleased(): { proxy: string; at: string }[] {
    return Object.entries(this.state.unreleased).map(([proxy, at]) => ({ proxy, at }));
  }

  lease(proxy: string): Readonly<Lease> | undefined {
    return this.state.leases[proxy];
  }

  /** It holds a lease, or may still stretch one. */
  knows(proxy: string): boolean {
    return this.state.leases[proxy] !== undefined || this.state.unreleased[proxy] !== undefined;
  }

  /** Leases of an older generation are void; who asked stays. */
  voidLeases(): void {
    this.state.leases = {};
    this.state.unreleased = {};
  }

  get open(): number {
    return Object.values(this.state.leases).reduce((sum, lease) => sum + lease.open, 0);
  }

  list(): LeaseStatus[] {
    return Object.entries(this.state.leases).map(([proxy, lease]) => ({ proxy, ...lease }));
  }

  private forgetOldest(): void {
    const { lastAsk, waiting, leases, unreleased, answers } = this.state;
    const known = Object.keys(lastAsk);
    if (known.length <= MAX_PROXIES) return;
    const idle = known.find((proxy) => !waiting[proxy] && !leases[proxy] && unreleased[proxy] === undefined);
    if (idle === undefined) return;
    delete lastAsk[idle];
    delete answers[idle];
  }
}
