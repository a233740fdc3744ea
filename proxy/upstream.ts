/** Connections to instances: one set per endpoint and generation, so that none outlives what it leads to. */
import type { Endpoint } from '../workflows/messages.js';
import type { Pass } from './gate-contract.js';
import { Lane, type LanePool } from './lane.js';

/** How often connections are looked through for those that were idle for too long. */
const SWEEP_MS = 1000;
/** Idle connections kept to one endpoint; more are closed. */
const MAX_IDLE = 1000;
/** Endpoints that are remembered before those without connections are looked for. */
const SWEEP_AT = 1000;
/**
 * New connections that the instance may have accepted or not. What it has not is in its backlog, and where that is
 * full the kernel drops the handshake, whose next try comes a second later: a thousand requests that were held
 * and go out at once met Node's backlog of 511 so. More wait for their turn, or for a connection that comes back.
 */
interface Unproven {
  readonly max: number;
  /** After this long without an answer, a connection counts as accepted by an instance that takes its time. */
  readonly ms: number;
}
const UNPROVEN_MS = 50;

/** All connections to one endpoint of one generation. */
export class Upstream implements LanePool {
  /** The one used last is the last: it is the warmest, and the others may run out. */
  readonly #idle: Lane[] = [];
  #sweeper: NodeJS.Timeout | undefined;
  /** New connections without an answer as yet, the oldest first, with the time from which they count as accepted. */
  readonly #unproven = new Map<Lane, number>();
  /** Those whose turn to connect has not come, the first first, and whether a used connection will not do. */
  readonly #waiting = new Map<Lane, boolean>();
  #turn: NodeJS.Timeout | undefined;
  #retired = false;

  constructor(
    readonly endpoint: Endpoint,
    readonly generation: number,
    private readonly unproven: Unproven,
  ) {}

  get hasIdle(): boolean {
    return this.#idle.length > 0;
  }

  /** Lends a connection. @param fresh never a used one: it may be stale. */
  take(fresh: boolean): Lane {
    const now = performance.now();
    for (let lane = fresh ? undefined : this.#idle.pop(); lane !== undefined; lane = this.#idle.pop()) {
      if (lane.idleUntil > now) return lane;
      lane.destroy();
    }
    const lane = new Lane(this);
    if (this.#waiting.size === 0 && this.#hasRoom(now)) this.#connect(lane, now);
    else this.#waitForTurn(lane, fresh, now);
    return lane;
  }

  give(lane: Lane): void {
    if (this.#waiting.size > 0 && this.#handOver(lane)) return;
    if (this.#retired || this.#idle.length >= MAX_IDLE) {
      lane.destroy();
      return;
    }
    lane.idleUntil = performance.now() + lane.idleMs;
    this.#idle.push(lane);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  proven(lane: Lane): void {
    if (this.#unproven.delete(lane)) this.#nextTurns();
  }

  /** Nobody is there: who waits would find the same, one hundred after the other. */
  refused(error: Error): void {
    const waiting = [...this.#waiting.keys()];
    this.#waiting.clear();
    for (const lane of waiting) lane.fail(error);
  }

  forget(lane: Lane): void {
    this.#waiting.delete(lane);
    if (this.#unproven.delete(lane)) this.#nextTurns();
    const index = this.#idle.indexOf(lane);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  /** No longer used: closes what is idle now and the rest as it comes back. */
  retire(): void {
    this.#retired = true;
    for (const lane of this.#idle.splice(0)) lane.destroy();
    clearInterval(this.#sweeper);
    clearTimeout(this.#turn);
    this.refused(new Error('The instance has been replaced.'));
  }

  #handOver(lane: Lane): boolean {
    for (const [waiting, fresh] of this.#waiting) {
      if (fresh) continue;
      this.#waiting.delete(waiting);
      waiting.handOver(lane);
      return true;
    }
    return false;
  }

  #hasRoom(now: number): boolean {
    for (const [lane, provenAt] of this.#unproven) {
      if (provenAt > now) break;
      this.#unproven.delete(lane);
    }
    return this.#unproven.size < this.unproven.max;
  }

  #connect(lane: Lane, now: number): void {
    this.#unproven.set(lane, now + this.unproven.ms);
    lane.connect(this.endpoint);
  }

  #waitForTurn(lane: Lane, fresh: boolean, now: number): void {
    this.#waiting.set(lane, fresh);
    this.#wakeForTurns(now);
  }

  #nextTurns(): void {
    if (this.#waiting.size === 0) return;
    const now = performance.now();
    for (const lane of this.#waiting.keys()) {
      if (!this.#hasRoom(now)) break;
      this.#waiting.delete(lane);
      this.#connect(lane, now);
    }
    if (this.#waiting.size > 0) this.#wakeForTurns(now);
  }

  #wakeForTurns(now: number): void {
    const [oldest = now] = this.#unproven.values();
    this.#turn ??= setTimeout(
      () => {
        this.#turn = undefined;
        this.#nextTurns();
      },
      Math.max(1, oldest - now),
    ).unref();
  }

  #sweep(): void {
    const now = performance.now();
    for (const lane of this.#idle.filter(({ idleUntil }) => idleUntil <= now)) lane.destroy();
    if (this.#idle.length > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}

/** The connections of every resource; a resource's old ones are retired when its generation changes. */
export class Upstreams {
  readonly #byResource = new Map<string, Upstream>();
  #sweepAt = SWEEP_AT;

  /** @param backlogOf a resource's `endpoint.backlog`, asked when there is a new endpoint. */
  constructor(private readonly backlogOf: (resource: string) => number) {}

  /** The connections for this pass. */
  of(resource: string, pass: Pass): Upstream {
    const known = this.#byResource.get(resource);
    if (known !== undefined && leadsThere(known, pass)) return known;
    const unproven = { max: this.backlogOf(resource), ms: UNPROVEN_MS };
    const made = new Upstream(pass.endpoint, pass.generation, unproven);
    known?.retire();
    if (this.#byResource.size >= this.#sweepAt) this.#sweep();
    this.#byResource.set(resource, made);
    return made;
  }

  /** Members of pools come and go: those without a connection that waits are forgotten, now and then. */
  #sweep(): void {
    for (const [resource, upstream] of this.#byResource) {
      if (!upstream.hasIdle) this.#byResource.delete(resource);
    }
    this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#byResource.size);
  }

  /** Drops the connections of resources that are not wanted any more. */
  keepOnly(wanted: (resource: string) => boolean): void {
    for (const [resource, upstream] of this.#byResource) {
      if (wanted(resource)) continue;
      upstream.retire();
      this.#byResource.delete(resource);
    }
  }
}

function leadsThere(upstream: Upstream, pass: Pass): boolean {
  const { host, port } = upstream.endpoint;
  return (
    upstream.generation === pass.generation && port === pass.endpoint.port && host === pass.endpoint.host
  );
}
