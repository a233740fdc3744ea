import type { EnterArgs, QuotaLimits } from './messages.js';

/** Who has a place. */
interface Holder {
  ticket: number;
  by: string;
  booting: boolean;
}
interface Waiting {
  resource: string;
  ticket: number;
  by: string;
  /** The number that it was last told to be before it. */
  told?: number;
}

/** Plain data, because it travels through continue-as-new. */
export interface QuotaBookState {
  limits: QuotaLimits;
  holders: Record<string, Holder>;
  queue: Waiting[];
}

/** A change of a place in the queue is told when it is this near, or when half of those before it are gone. */
const NEAR = 5;

/** Who is awake and who boots by one provider, and who waits for a place. */
export class QuotaBook {
  constructor(readonly state: QuotaBookState = { limits: {}, holders: {}, queue: [] }) {}

  /** Asks for a place; again with the same ticket where the answer may have been lost. */
  enter({ resource, ticket, by, limits, runs }: EnterArgs): void {
    this.state.limits = limits;
    const holder = this.state.holders[resource];
    const at = this.state.queue.findIndex((waiting) => waiting.resource === resource);
    const before = at < 0 ? undefined : this.state.queue[at];
    if (runs) {
      if (at >= 0) this.state.queue.splice(at, 1);
      this.state.holders[resource] = { ticket, by, booting: false };
    } else if (before) {
      // It keeps its place in the queue, and is told it again.
      this.state.queue[at] = { resource, ticket, by };
    } else {
      if (holder && holder.ticket !== ticket) holder.booting = false;
      this.state.queue.push({ resource, ticket, by });
    }
  }

  /** Its boot is over: it stays awake. */
  booted(resource: string, ticket: number): void {
    const holder = this.state.holders[resource];
    if (holder?.ticket === ticket) holder.booting = false;
  }

  /** @param ticket leaves only as this one; undefined: whichever it has. */
  leave(resource: string, ticket?: number): void {
    const isMeant = (has: { ticket: number }) => ticket === undefined || has.ticket <= ticket;
    const holder = this.state.holders[resource];
    if (holder && isMeant(holder)) delete this.state.holders[resource];
    this.state.queue = this.state.queue.filter(
      (waiting) => waiting.resource !== resource || !isMeant(waiting),
    );
  }

  /** Gives a place to everyone for whom there is one: first to whose user has the fewest, then to who came first. */
  admit(): { resource: string; ticket: number }[] {
    const admitted: { resource: string; ticket: number }[] = [];
    for (const { resource, ticket, by } of this.inTurn()) {
      if (!this.fits(resource)) continue;
      this.state.holders[resource] = { ticket, by, booting: true };
      this.state.queue = this.state.queue.filter((waiting) => waiting.resource !== resource);
      admitted.push({ resource, ticket });
    }
    return admitted;
  }

  /** Those to whom it matters how many are before them now. */
  news(): { resource: string; ticket: number; ahead: number }[] {
    return this.inTurn().flatMap((waiting, ahead) => {
      const { resource, ticket, told } = waiting;
      const isNews = told === undefined || (told !== ahead && (ahead <= NEAR || ahead <= told / 2));
      if (!isNews) return [];
      waiting.told = ahead;
      return [{ resource, ticket, ahead }];
    });
  }

  get isEmpty(): boolean {
    return this.state.queue.length === 0 && Object.keys(this.state.holders).length === 0;
  }

  get anyWaiting(): boolean {
    return this.state.queue.length > 0;
  }

  tickets(): { resource: string; ticket: number }[] {
    const held = Object.entries(this.state.holders).map(([resource, { ticket }]) => ({ resource, ticket }));
    return [...held, ...this.state.queue.map(({ resource, ticket }) => ({ resource, ticket }))];
  }

  /** The queue in the order in which it is served, as things stand. */
  private inTurn(): Waiting[] {
    const held = new Map<string, number>();
    const count = (by: string) => held.set(by, (held.get(by) ?? 0) + 1);
    for (const { by } of Object.values(this.state.holders)) count(by);
    const lines = new Map<string, Waiting[]>();
    for (const waiting of this.state.queue) {
      const line = lines.get(waiting.by);
      if (line) line.push(waiting);
      else lines.set(waiting.by, [waiting]);
    }
    const turns: Waiting[] = [];
    while (lines.size > 0) {
      // Users stand in the order of their oldest ask: the first of those with the fewest.
      const [by, line] = [...lines].reduce((best, other) =>
        (held.get(other[0]) ?? 0) < (held.get(best[0]) ?? 0) ? other : best,
      );
      const next = line.shift();
      if (next) turns.push(next);
      if (line.length === 0) lines.delete(by);
      count(by);
    }
    return turns;
  }

  private fits(resource: string): boolean {
    const { limits, holders } = this.state;
    const others = Object.entries(holders).filter(([name]) => name !== resource);
    const booting = others.filter(([, holder]) => holder.booting).length;
    const isAwake = holders[resource] !== undefined;
    return (
      (isAwake || others.length < (limits.awake ?? Number.POSITIVE_INFINITY)) &&
      booting < (limits.boots ?? Number.POSITIVE_INFINITY)
    );
  }
}
