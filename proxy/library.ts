/** What `reveille()` in somebody's own program consists of: a proxy for one resource, without a door of its own. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Registry } from 'prom-client';
import { addressText, type Config, definitionOf, type Logger, readSecret } from '../config/index.js';
import { isReveilleError, ReveilleError } from '../errors/index.js';
import {
  connectTemporal,
  ResourceClient,
  type TemporalConnection,
  temporalError,
} from '../temporal/index.js';
import type { ReadyState } from '../workflows/messages.js';
import { createFrontDoor, type FrontDoor } from './front-door.js';
import type { LeaseGate } from './gate.js';
import { startGate } from './gate-start.js';
import type { InternalServer } from './internal.js';

interface Parts {
  door: FrontDoor;
  gate: LeaseGate;
  internal: InternalServer;
}

export class Library {
  readonly #temporal: TemporalConnection;
  readonly #resources: ResourceClient;
  readonly #parts: Promise<Parts>;
  #closed: Promise<void> | undefined;

  /**
   * @param config of the workers too.
   * @param served the same, with the routes of this program alone.
   */
  constructor(
    private readonly config: Config,
    served: Config,
    private readonly resource: string,
    log: Logger,
  ) {
    this.#temporal = connectTemporal(config);
    this.#resources = new ResourceClient(this.#temporal);
    this.#parts = startParts(served, this.#temporal, log);
    // Whoever uses it is told.
    this.#parts.catch(() => {});
  }

  /** @throws what kept it from starting. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { door } = await this.#parts;
    door.handle(request, response);
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { door } = await this.#parts;
    door.handleUpgrade(request, socket, head);
  }

  /** Wakes it and waits until it is ready. @throws ReveilleError the boot's failure, STOPPED, HOLD_TIMEOUT. */
  async start(): Promise<string> {
    const name = this.#name;
    const late = new ReveilleError('HOLD_TIMEOUT', `${name} is not ready yet; it goes on starting.`);
    const { endpoint } = await this.#within(late, (signal) => this.#resources.untilReady(name, signal));
    return endpoint === undefined ? '' : addressText(endpoint);
  }

  /** Stops it and waits until it is asleep. Content where it is. @throws ReveilleError STOP_FAILED. */
  async stop(): Promise<void> {
    const name = this.#name;
    await this.#ended(async () => {
      await this.#resources.stop(name, { reason: 'by a program' });
    });
  }

  /** Stops it and removes what the provider made for it, awake or not. @throws ReveilleError STOP_FAILED. */
  async delete(): Promise<void> {
    const name = this.#name;
    const args = { reason: 'by a program' };
    await this.#ended(async () => {
      if (await this.#resources.stop(name, { ...args, then: 'delete' })) return;
      await this.#resources.remove(name, args);
    });
  }

  /** What is known of it now, without waking it; undefined where it is asleep. */
  async state(): Promise<ReadyState | undefined> {
    const name = this.#name;
    return await named(async () => {
      const runId = await this.#resources.openRun(name);
      return runId === undefined ? undefined : await this.#resources.ready(name, runId);
    });
  }

  /** Lets requests under way go on for the drain time, then gives the leases back. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const parts = await this.#parts.catch(() => undefined);
    await parts?.door.close(this.config.proxy.drain);
    await parts?.gate.close();
    await parts?.internal.close();
    await this.#temporal.close();
  }

  /** A pool has no life of its own. */
  get #name(): string {
    if (definitionOf(this.config, this.resource) !== undefined) return this.resource;
    throw new ReveilleError('USAGE', `${this.resource} is a pool: start and stop its members.`);
  }

  async #ended(stop: () => Promise<void>): Promise<void> {
    const late = new ReveilleError('STOP_FAILED', `${this.resource} is not asleep yet; it goes on stopping.`);
    await named(stop);
    await this.#within(late, (signal) => this.#resources.untilAsleep(this.resource, signal));
  }

  /** Waits as long as a request may be held. */
  async #within<T>(late: ReveilleError, wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const { signal } = controller;
    const timer = setTimeout(() => controller.abort(late), this.config.proxy.hold.time);
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(late), { once: true });
    });
    try {
      return await named(() => Promise.race([wait(signal), aborted]));
    } finally {
      clearTimeout(timer);
    }
  }
}

async function startParts(config: Config, temporal: TemporalConnection, log: Logger): Promise<Parts> {
  const registry = new Registry();
  const secret = await readSecret(config);
  const { gate, internal } = await startGate({ config, temporal, log, registry, secret });
  return { gate, internal, door: createFrontDoor({ config, gate, log, registry }) };
}

async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isReveilleError(error) ? error : temporalError(error);
  }
}
