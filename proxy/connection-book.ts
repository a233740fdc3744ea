import { sourceOf } from '../access/source.js';

export interface ConnectionLimits {
  /** In all. */
  connections: number;
  /** From one source. */
  perAddress: number;
}

export type Crowded = 'CONNECTIONS_FULL' | 'ADDRESS_FULL';

/** Counts open connections, in all and by where they come from. */
export class ConnectionBook {
  #total = 0;
  readonly #bySource = new Map<string, number>();

  constructor(public limits: ConnectionLimits) {}

  /**
   * Takes a connection in.
   * @param exempt from the bound of one source: it stands for many clients.
   * @returns why there is no place for it; undefined: it counts until `leave`.
   */
  enter(address: string, exempt: boolean): Crowded | undefined {
    if (this.#total >= this.limits.connections) return 'CONNECTIONS_FULL';
    const source = sourceOf(address);
    const open = this.#bySource.get(source) ?? 0;
    if (!exempt && open >= this.limits.perAddress) return 'ADDRESS_FULL';
    this.#total++;
    this.#bySource.set(source, open + 1);
    return undefined;
  }

  /** Once for each that was taken in. */
  leave(address: string): void {
    const source = sourceOf(address);
    const open = this.#bySource.get(source) ?? 0;
    this.#total--;
    if (open > 1) this.#bySource.set(source, open - 1);
    else this.#bySource.delete(source);
  }

  get total(): number {
    return this.#total;
  }
}
