import { ReveilleError } from '../errors/index.js';
import type { Endpoint } from '../workflows/messages.js';
import type { Pass, WaitOptions } from './gate-contract.js';
import { type WaiterServices, wakeAndWait } from './waiter.js';

/** A pass to an endpoint that is for one connection alone. */
class OwnPass implements Pass {
  readonly own = true;

  constructor(
    private readonly pass: Pass,
    readonly endpoint: Endpoint,
  ) {}

  get generation(): number {
    return this.pass.generation;
  }

  get cold(): Pass['cold'] {
    return this.pass.cold;
  }

  release(): void {
    this.pass.release();
  }

  /** Says nothing of the endpoints of others. */
  unreachable(): void {
    this.pass.release();
  }
}

/** Connections of this proxy to one resource that each want an endpoint of their own: one asks at a time. */
export class EndpointQueue {
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly name: string,
    private readonly services: WaiterServices,
  ) {}

  /**
   * @param pass to the resource, which keeps it awake meanwhile. Released where there is no endpoint.
   * @param limitMs how long a connection may wait, its turn included.
   * @throws ReveilleError HOLD_TIMEOUT, STOPPED, or why there is none. The signal's reason when aborted.
   */
  async passFor(pass: Pass, options: WaitOptions, limitMs: number): Promise<Pass> {
    const over = AbortSignal.timeout(limitMs);
    const signal = AbortSignal.any([options.signal, over]);
    try {
      return new OwnPass(pass, await this.inTurn(signal, () => this.ask({ ...options, signal })));
    } catch (error) {
      pass.release();
      if (over.aborted && !options.signal.aborted) {
        const message = `${this.name} had no endpoint for the connection within the hold time`;
        throw new ReveilleError('HOLD_TIMEOUT', message, { cause: error });
      }
      throw error;
    }
  }

  /** Who leaves before its turn holds nobody up, and lets nobody go before those in front. */
  private inTurn<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    const turn = this.last.then(() => {
      signal.throwIfAborted();
      return run();
    });
    this.last = turn.catch(() => {});
    return turn;
  }

  private async ask({ reason, by, client, params, signal }: WaitOptions): Promise<Endpoint> {
    const wait = { name: this.name, params, reason, by, client, connects: true as const };
    const wanted = () => true;
    const granted = await wakeAndWait(this.services, { ...wait, watching: {}, wanted, signal });
    if (granted?.state.endpoint === undefined) throw new ReveilleError('INTERNAL');
    return granted.state.endpoint;
  }
}
