import type { ReadyState, StatusState } from '../../workflows/messages.js';
import { eventually } from './conditions.js';
import type { Stack } from './stack.js';

/** The proxy's side of leases.md by hand: sends exactly what a test says, and answers no question. */
export class RawProxy {
  private ask = 0;

  constructor(
    private readonly stack: Stack,
    private readonly name: string,
    readonly id: string,
    /** Nobody answers there unless a test sees to it. */
    private readonly at = '127.0.0.1:1',
  ) {}

  private next(ask = this.ask + 1) {
    this.ask = Math.max(this.ask, ask);
    return { proxy: this.id, ask, at: this.at };
  }

  async wake(ask?: number): Promise<void> {
    await this.stack.resources.wake(this.name, { ...this.next(ask), reason: 'a test' });
  }

  /** Wakes and waits for the grant. */
  async enter(): Promise<ReadyState> {
    await this.wake();
    return await eventually(`${this.name} is ready for ${this.id}`, async () => {
      const state = await this.stack.resources.ready(this.name);
      return state?.ready && state.answers[this.id]?.ask === this.ask ? state : undefined;
    });
  }

  async touch(
    generation: number,
    use: { open?: number; idleFor?: number; release?: boolean; ask?: number } = {},
  ): Promise<void> {
    const { ask, open = 0, idleFor = 0, release = false } = use;
    await this.stack.resources.touch(this.name, {
      ...this.next(ask),
      generation,
      open,
      idleFor,
      ...(release ? { release } : {}),
    });
  }

  async status(): Promise<StatusState> {
    return await eventually('it has a status', () => this.stack.resources.status(this.name));
  }

  /** Its lease as the workflow counts it. */
  async lease(): Promise<StatusState['leases'][number] | undefined> {
    return (await this.status()).leases.find(({ proxy }) => proxy === this.id);
  }
}
