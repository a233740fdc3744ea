import { setTimeout as sleep } from 'node:timers/promises';
import type { Machine } from './machine.js';

/**
 * What all resources of a worker see of their instances: one look at the account serves everybody who asked before it
 * began, so that a thousand resources that boot do not ask a thousand times.
 */
export class View {
  private looking: Promise<Machine[]> | undefined;
  private next: Promise<Machine[]> | undefined;
  private beganAt = Number.NEGATIVE_INFINITY;

  /** @param look asks the cloud. */
  constructor(private readonly look: () => Promise<Machine[]>) {}

  /**
   * What a look tells that begins from now on.
   * @param gapMs the least time from the last look's beginning to that of this one.
   */
  fresh(gapMs: number): Promise<Machine[]> {
    this.next ??= this.begin(gapMs);
    return this.next;
  }

  private async begin(gapMs: number): Promise<Machine[]> {
    await this.looking?.catch(() => {});
    const waitMs = this.beganAt + gapMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    this.beganAt = performance.now();
    // From here on, whoever asks is too late for this one.
    this.next = undefined;
    this.looking = this.look();
    return await this.looking;
  }
}
