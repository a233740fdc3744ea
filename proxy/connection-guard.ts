import type { Registry } from 'prom-client';
import { type IsTrusted, trustedPeers } from '../access/peer.js';
import type { Config, Logger } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import { ConnectionBook } from './connection-book.js';
import { Refusals } from './refusals.js';

/** The bound of client connections over every door of this proxy: the HTTP one and those of TCP routes. */
export class ConnectionGuard {
  readonly refusals: Refusals;
  readonly #book: ConnectionBook;
  #isTrusted: IsTrusted;

  constructor(config: Config, registry: Registry, log: Logger) {
    this.refusals = new Refusals(registry, log);
    this.#book = new ConnectionBook(config.proxy.limits);
    this.#isTrusted = trustedPeers(config.proxy.trusted);
  }

  reload({ proxy }: Config): void {
    this.#book.limits = proxy.limits;
    this.#isTrusted = trustedPeers(proxy.trusted);
  }

  /** Trusted peers bring the clients of others: no bound of one address is theirs. */
  isExempt(address: string): boolean {
    return this.#isTrusted(address);
  }

  /** @returns why it is turned away; undefined: it counts until `leave`. */
  enter(address: string): ReveilleError | undefined {
    const crowded = this.#book.enter(address, this.isExempt(address));
    if (crowded === undefined) return undefined;
    const { connections, perAddress } = this.#book.limits;
    const message =
      crowded === 'ADDRESS_FULL'
        ? `${perAddress} connections from this address are open already (proxy.limits.perAddress).`
        : `${connections} connections are open already (proxy.limits.connections).`;
    return new ReveilleError(crowded, message, { retryInMs: 1000 });
  }

  leave(address: string): void {
    this.#book.leave(address);
  }
}
