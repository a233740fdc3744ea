/**
 * Between the HTTP side of the proxy and the gate: who may forward, where to, and for how long.
 * The gate knows leases and Temporal; it knows nothing of HTTP.
 */
import type { Params } from '../config/index.js';
import type { ReveilleError } from '../errors/index.js';
import type { Client, Endpoint, Phase, Progress, StepTiming } from '../workflows/messages.js';
import type { Usual } from './usual.js';

/** The right to send one request (or one connection) to one generation. Give it back exactly once. */
export interface Pass {
  readonly endpoint: Endpoint;
  readonly generation: number;
  /** Present where the request waited: for Server-Timing. Milliseconds. */
  readonly cold?: { waited: number; steps: StepTiming[] } | undefined;
  /** The endpoint is for this connection alone: that it does not answer says nothing of the resource. */
  readonly own?: boolean;
  /** The request or connection has ended. Idempotent. */
  release(): void;
  /** Nothing answered at the endpoint, or the connection broke. Releases too. The next `enter` asks anew. */
  unreachable(error: string): void;
}

/** How a resource stands at this proxy: what a pool chooses by. */
export interface Standing {
  /**
   * awake: there is a lease, or was one so lately that it has not fallen asleep. failing: its last wake failed, and
   * it is not asked again yet.
   */
  readonly standing: 'awake' | 'waking' | 'asleep' | 'failing';
  /** Requests and connections in flight, and those that wait for it. */
  readonly load: number;
}

/** What the gate has to know of a resource's definition. */
export interface GateSettings {
  /** How far a lease may be stretched, in ms. */
  stretchMs: number;
  /** How long it stays awake without use, in ms. */
  idleMs: number;
  /** Some requests do not count as use. */
  hasQuiet: boolean;
  /** Each connection gets an endpoint of its own. */
  perConnection: boolean;
  /** Under which its numbers are shown: its pool's, or its own. */
  label: string;
}

/** A client that waits. */
export interface WaitOptions {
  /** What the member of a pool is made from. */
  params?: Params | undefined;
  /** For the wake's reason: request id, method, path without query. */
  reason: string;
  /** The user, where one is known: for the fair sharing of quotas. */
  by?: string | undefined;
  /** The trace that the wake belongs to, as a traceparent. */
  trace?: string | undefined;
  /** Both ends of its connection, where it is one. */
  client?: Client | undefined;
  /** Aborted when the client goes away: frees its place. */
  signal: AbortSignal;
}

/** How a wake stands, for those who wait and for those who look on. */
export interface WaitState {
  phase: Phase;
  progress?: Progress;
  /** For how long this proxy has been waking it, in ms; absent where it does not. */
  waitedMs?: number;
  /** How its past wakes went, as far as this proxy saw any. */
  usual?: Usual | undefined;
  /** Why it did not wake. */
  failure?: ReveilleError;
  /** Why nothing is heard of it at the moment: Temporal or every worker is away. */
  trouble?: ReveilleError | undefined;
}

export interface Gate {
  /**
   * Warm path: a pass at once, or undefined where `enter` has to wait. Allocates little, asks nobody.
   * @param quiet this does not count as use: the resource may fall asleep over it.
   */
  tryEnter(resource: string, quiet?: boolean): Pass | undefined;
  /**
   * Holds the caller until the resource is ready.
   * @throws ReveilleError HOLD_FULL, HOLD_TIMEOUT, STOPPED, TEMPORAL_UNREACHABLE, NO_WORKER, or the boot's failure.
   */
  enter(resource: string, options: WaitOptions): Promise<Pass>;
  /**
   * The phase of a resource that this proxy has no lease for, asked without waking it. What cannot be learned is
   * `asleep`. Never rejects.
   */
  phase(resource: string): Promise<Phase>;
  /** Undefined where nobody has asked for it here. */
  standing(resource: string): Standing | undefined;
  /** Wakes a resource for those who will come: nobody waits for it. */
  nudge(resource: string, options: Omit<WaitOptions, 'signal'>): void;
  /** What is known about a wake that this proxy has under way. */
  state(resource: string): WaitState | undefined;
  /** How a resource stands, whoever wakes it: asked without waking it where this proxy does not know. Never rejects. */
  look(resource: string): Promise<WaitState>;
  held(): number;
}
