import { type Rate, Rates } from '../../access/rates.js';
import type { Config } from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';
import type { Gate } from '../gate-contract.js';

/** Bound of the resources that are counted: members of pools have names of their own. */
const MAX_RESOURCES = 10_000;

/** What is about to be woken. */
export interface Wanted {
  readonly resource: string;
  /** The resource of the configuration whose rules hold. */
  readonly rulesOf: string;
}

/** How often things are woken through every door of this proxy, by whom and which. A reload forgets nothing. */
export class WakeLimits {
  readonly #visitors = new Rates();
  readonly #resources = new Rates();
  #perVisitor: Rate = { count: 1, every: 1 };
  #remembered = 1;
  #limits = new Map<string, Rate>();

  constructor(config: Config) {
    this.reload(config);
  }

  reload({ proxy: { wakes }, resources }: Config): void {
    this.#perVisitor = { count: wakes.perVisitor, every: wakes.every };
    this.#remembered = wakes.visitors;
    this.#limits = new Map(Object.entries(resources).map(([name, { wake }]) => [name, wake.limit]));
  }

  /**
   * Counts a wake; who only joins one under way is not counted. To be called in the same turn of the loop as the
   * wake itself: a thousand who come at once are one wake.
   * @param visitor what tells this visitor from others.
   * @throws ReveilleError WAKE_LIMITED: then nothing is counted.
   */
  count(gate: Pick<Gate, 'state'>, { resource, rulesOf }: Wanted, visitor: string): void {
    if (gate.state(resource) !== undefined) return;
    const now = performance.now();
    const limit = this.#limits.get(rulesOf) ?? this.#perVisitor;
    const ofVisitor = this.#visitors.waitOf(visitor, this.#perVisitor, now);
    const ofResource = this.#resources.waitOf(resource, limit, now);
    if (ofVisitor > 0 || ofResource > 0) {
      const message =
        ofVisitor > 0
          ? `More than ${this.#perVisitor.count} wakes by one visitor (proxy.wakes.perVisitor).`
          : `${resource} was woken more than ${limit.count} times (wake.limit).`;
      throw new ReveilleError('WAKE_LIMITED', message, { retryInMs: Math.max(ofVisitor, ofResource) });
    }
    this.#visitors.take(visitor, this.#perVisitor, this.#remembered, now);
    this.#resources.take(resource, limit, MAX_RESOURCES, now);
  }
}
