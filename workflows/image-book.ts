import type { ImageNews, ImageProgress, WantArgs } from './image-messages.js';

/** Least time between two tellings of how far it is, for each who waits: the history holds each of them. */
const TELL_EVERY_MS = 2000;
/** Of the time that it took so far: somebody who waits an hour has no need of every second. */
const TELL_SHARE = 1 / 20;

interface Waiter extends WantArgs {
  /** It was told how far it is since it asked. */
  told?: true;
}

/** Plain data, because it travels through continue-as-new. */
export interface ImageBookState {
  since: number;
  progress: ImageProgress;
  waiters: Waiter[];
}

/** Who waits for an image, and what they have been told. */
export class ImageBook {
  private toldAt = 0;
  private changed = false;
  /** Grows with whatever is asked or noted. */
  changes = 0;

  constructor(readonly state: ImageBookState) {}

  /** Asks to be told; again with a younger ticket where it gave up in between. */
  want({ resource, ticket }: WantArgs): void {
    this.changes += 1;
    const before = this.state.waiters.find((waiter) => waiter.resource === resource);
    if (before === undefined) this.state.waiters.push({ resource, ticket });
    else if (ticket > before.ticket) Object.assign(before, { ticket, told: undefined });
  }

  note(progress: ImageProgress): void {
    this.changes += 1;
    this.state.progress = progress;
    this.changed = true;
  }

  /** @returns milliseconds until there is something to tell; undefined where nobody would hear anything new. */
  dueIn(now: number): number | undefined {
    if (this.state.waiters.some(({ told }) => !told)) return 0;
    return this.changed && this.anyWaiting ? Math.max(0, this.nextAt(now) - now) : undefined;
  }

  /** @returns what is to be told now of how far it is: to newcomers at once, to the others from time to time. */
  news(now: number): { resource: string; ticket: number; progress: ImageProgress }[] {
    const { waiters, progress } = this.state;
    const isDue = this.changed && now >= this.nextAt(now);
    const told = waiters.filter((waiter) => isDue || !waiter.told);
    if (isDue) {
      this.toldAt = now;
      this.changed = false;
    }
    for (const waiter of told) waiter.told = true;
    return told.map(({ resource, ticket }) => ({ resource, ticket, progress }));
  }

  /** Everyone who waits, each told the end once. */
  takeAll(): WantArgs[] {
    return this.state.waiters.splice(0).map(({ resource, ticket }) => ({ resource, ticket }));
  }

  get anyWaiting(): boolean {
    return this.state.waiters.length > 0;
  }

  private nextAt(now: number): number {
    const { waiters, since } = this.state;
    return this.toldAt + Math.max(TELL_EVERY_MS * waiters.length, (now - since) * TELL_SHARE);
  }
}

/** The end, as each who waits is told it. */
export type ImageEnd = Pick<ImageNews, 'ready' | 'failure'>;
