/**
 * The words between a resource's workflow and everybody else. All that other folders may import from here.
 * Changing a name or a field breaks executions that are open: add, never change.
 */
import type { ErrorCode } from '../errors/index.js';
import type { ImageProgress } from './image-messages.js';

export * from './existence-messages.js';
export * from './image-messages.js';

export const WORKFLOW_TYPE = 'resourceLifecycle';
/** Workflows, and activities that any worker may run. */
export const TASK_QUEUE = 'reveille';
/** Queues of one host, or those that any worker polls. */
export const activityQueue = (kind: 'boot' | 'stop' | 'image', host?: string): string =>
  host === undefined ? `${TASK_QUEUE}-${kind}` : `${TASK_QUEUE}-${kind}@${host}`;
const ID_PREFIX = 'resource:';

/** Milliseconds; never a clock time. */
type Milliseconds = number;
/** Clock time in milliseconds since 1970, as the workflow's own clock has it. */
type Timestamp = number;

export const workflowId = (resource: string): string => ID_PREFIX + resource;
export const resourceOf = (id: string): string | undefined =>
  id.startsWith(ID_PREFIX) ? id.slice(ID_PREFIX.length) : undefined;

export const signals = {
  wake: 'wake',
  touch: 'touch',
  unreachable: 'unreachable',
  stop: 'stop',
  pin: 'pin',
  unpin: 'unpin',
  adopt: 'adopt',
  /** Of `quota:<provider>` alone: it has a place, or so many are before it. */
  admitted: 'admitted',
  queued: 'queued',
  /** Of `image:<key>@<place>` alone: how far an image is that it waits for. */
  image: 'image',
} as const;
/**
 * Memo in which a run tells the answers to the asks that waited, as the `ready` query would: who follows the history
 * has them with the event, a query later otherwise. Only in runs whose input `tells`.
 */
export const TOLD = 'ready';
export const queries = { ready: 'ready', status: 'status' } as const;
export const searchAttributes = {
  resource: 'ReveilleResource',
  provider: 'ReveilleProvider',
  phase: 'ReveillePhase',
} as const;

export const QUOTA_TYPE = 'providerQuota';
export const quotaId = (provider: string): string => `quota:${provider}`;
export const quotaSignals = { enter: 'enter', booted: 'booted', leave: 'leave' } as const;
export const quotaQueries = { places: 'places' } as const;

export type Phase =
  | 'asleep'
  | 'imaging'
  | 'booting'
  | 'checking'
  | 'ready'
  | 'draining'
  | 'stopping'
  | 'failed';
export type StopMode = 'stop' | 'suspend' | 'delete';

/** Which proxy asks, and which of its asks this is (leases.md 1). */
export interface Ask {
  /** Id of one start of one proxy process. */
  proxy: string;
  /** Grows with every sending. */
  ask: number;
  /** The proxy's control address, HOST:PORT. */
  at: string;
}
/** Both ends of a client's connection to a door of the proxy. */
export interface Client {
  address: string;
  port: number;
  localAddress: string;
  localPort: number;
}
export interface WakeArgs extends Partial<Ask> {
  reason?: string;
  /** The user for whom it is woken, where one is known: quotas are shared out fairly among users. */
  by?: string;
  /** The trace that the wake belongs to, as a traceparent (W3C Trace Context): handed on to the activities. */
  trace?: string;
  /** Whose connection wakes it; with `connects`, who asks for an endpoint. */
  client?: Client;
  /** The ask is for an endpoint of that connection's own: see `connections` in ReadyState. */
  connects?: true;
}
/** The answer to the ask of one connection. */
export interface ConnectionAnswer {
  ask: number;
  endpoint?: Endpoint;
  refused?: Failure;
}
export interface TouchArgs extends Ask {
  generation: number;
  /** Requests in flight, upgraded and TCP connections. */
  open: number;
  /** Since the last use ended; 0 while something is open. */
  idleFor: Milliseconds;
  release?: boolean;
}
export interface UnreachableArgs {
  generation: number;
  error: string;
}
export interface StopArgs {
  then?: StopMode;
  force?: boolean;
  reason?: string;
}
export interface PinArgs {
  /** ISO 8601 time, or milliseconds since 1970; absent: until unpinned. */
  until?: string | number;
  reason?: string;
}

export interface Endpoint {
  host: string;
  port: number;
}
/** What a provider started. Holds no secret: it stands in histories. */
export interface Instance {
  /** The provider's exact identity of what runs (pid with start time, container id, …). */
  id: string;
  endpoint: Endpoint;
  generation: number;
  /** The host it is bound to, where its provider is host-bound. */
  host?: string;
}
export interface AdoptArgs {
  instance: Instance;
}

export interface Failure {
  code: ErrorCode;
  message: string;
  /** Bounded and masked. */
  log?: string;
  /** With STALE_GENERATION: the younger one. */
  younger?: number;
}
export interface Answer {
  ask: number;
  /** Of `generation` alone: read together with another one, it grants nothing. */
  granted?: { lease: Milliseconds; waited: Milliseconds; generation: number };
  refused?: { code: ErrorCode; retryIn: Milliseconds };
}
/** One step of a boot, as Server-Timing and the dashboard show it. */
export interface StepTiming {
  step: 'image' | 'boot' | 'health';
  took: Milliseconds;
}
export interface Progress {
  /** Since when the phase lasts. */
  since: Timestamp;
  /** Steps that are done in this generation. */
  steps: StepTiming[];
  /** While it waits for a place among those of its provider: how many are before it. */
  ahead?: number;
  /** While it waits for images: how far they are, all together. */
  image?: ImageProgress;
  /** What a past boot took, where known. */
  usual?: Milliseconds;
}
/** Answer of the `ready` query. */
export interface ReadyState {
  phase: Phase;
  /** True only where `endpoint` may be used by whoever holds a lease of `generation`. */
  ready: boolean;
  generation: number;
  endpoint?: Endpoint;
  instance?: string;
  /** The host that its instance is bound to, where it is to one: what it keeps while asleep is there, too. */
  host?: string;
  answers: Record<string, Answer>;
  /** Of each proxy, the answer to the last ask of a connection for an endpoint of its own. Grants no lease. */
  connections?: Record<string, ConnectionAnswer>;
  progress: Progress;
  failure?: Failure;
}

export interface LeaseStatus {
  proxy: string;
  at: string;
  open: number;
  until: Timestamp;
}
/** Answer of the `status` query: all that a dashboard shows. */
export interface StatusState {
  name: string;
  /** What the member of a pool was made from. */
  params?: Record<string, string>;
  provider: string;
  phase: Phase;
  since: Timestamp;
  generation: number;
  instance?: Instance;
  revision: string;
  steps: StepTiming[];
  wokenBy?: string;
  wokenAt: Timestamp;
  leases: LeaseStatus[];
  open: number;
  /** true: until unpinned. */
  pinned: false | true | Timestamp;
  lastActivity: Timestamp;
  /** When the idle stop is due as things stand; absent while something keeps it awake for good. */
  idleDeadline?: Timestamp;
  /** In words: connections, lease, pin, probe. */
  keptAwakeBy: string[];
  /** While it waits for a place among those of its provider: how many are before it. */
  ahead?: number;
  /** While it waits for images: how far they are, all together. */
  image?: ImageProgress;
  /** Boots that failed in a row. */
  attempts: number;
  /** When the next wake may boot, while failed. */
  retryAt?: Timestamp;
  failure?: Failure;
  boots: number;
}

/** Bounds of one provider, on all hosts together. */
export interface QuotaLimits {
  awake?: number;
  boots?: number;
}
/** Asks `quota:<provider>` for a place. */
export interface EnterArgs {
  resource: string;
  /** The generation that is to boot. */
  ticket: number;
  /** Whose it is; empty where nobody is known. */
  by: string;
  /** As the worker's configuration has them today. */
  limits: QuotaLimits;
  /** It runs already: it is counted, and waits for nothing. */
  runs: boolean;
}
export interface LeaveArgs {
  resource: string;
  ticket: number;
}
export interface AdmittedArgs {
  ticket: number;
}
export interface QueuedArgs {
  ticket: number;
  ahead: number;
}
export interface QuotaInput {
  /** The workflow's own: what it hands to its successor. */
  carried?: unknown;
}

/** Input of a fresh execution; the workflow adds what it carries through continue-as-new. */
export interface LifecycleInput {
  name: string;
  params?: Record<string, string>;
  revision?: string;
  /** Set by those who start it with `adopt`: no wake is outstanding then. */
  adopted?: boolean;
  /** The host that it has to run on; absent: any. */
  host?: string;
  /** Answers stand in the history, too: see TOLD. Runs of an older Reveille do without. */
  tells?: true;
  /** Set with `adopted`: nobody wants it any more, so what is left of it is removed. */
  gone?: boolean;
  /** The workflow's own: what it hands to its successor. */
  carried?: unknown;
  /** Of a successor: what the run before it was. For who reads the past; the workflow itself does not look at it. */
  before?: RunBefore;
}
/** What a run that continued as new says of itself at its end. */
export interface RunBefore {
  /** Whether its successor is of the same awake period, in a new history. Else that one has ended, and another began. */
  goesOn: boolean;
  summary: LifecycleSummary;
}
/** Result of a closed execution: the past of the resource. */
export interface LifecycleSummary {
  name: string;
  generation: number;
  boots: number;
  wokenBy?: string;
  awakeFor: Milliseconds;
  endedBy: string;
  steps: StepTiming[];
}
