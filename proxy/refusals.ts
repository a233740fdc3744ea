import { Counter, type Registry } from 'prom-client';
import type { Logger } from '../config/index.js';
import type { ReveilleError } from '../errors/index.js';

/** A flood is told in lines this far apart. */
const LINE_EVERY_MS = 1000;

/** Tells of connections that were turned away: each in a counter, and of many in the log one line a second. */
export class Refusals {
  readonly #counter: Counter<'code'>;
  readonly #told = new Map<string, { at: number; untold: number }>();

  constructor(
    registry: Registry,
    private readonly log: Logger,
  ) {
    this.#counter = new Counter({
      name: 'reveille_refused_connections_total',
      help: 'Connections that were turned away before anything was done for them, by the code of the error.',
      labelNames: ['code'],
      registers: [registry],
    });
  }

  /** @param client its address. */
  note(error: ReveilleError, client: string): void {
    this.#counter.labels(error.code).inc();
    const now = performance.now();
    const told = this.#told.get(error.code) ?? { at: Number.NEGATIVE_INFINITY, untold: 0 };
    this.#told.set(error.code, told);
    if (now - told.at < LINE_EVERY_MS) {
      told.untold++;
      return;
    }
    const more = told.untold > 0 ? { more: told.untold } : {};
    this.log.warn({ code: error.code, client, ...more }, error.message);
    told.at = now;
    told.untold = 0;
  }
}
