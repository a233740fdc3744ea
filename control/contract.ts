/**
 * The JSON of the control API, for whoever calls it. Times are milliseconds since 1970, durations milliseconds.
 * Errors are application/problem+json (`Problem` of errors/).
 */
import type { ErrorCode } from '../errors/index.js';
import type {
  Failure,
  ImageProgress,
  Phase,
  StatusState,
  StepTiming,
  StopMode,
} from '../workflows/messages.js';

/** Sent by the command line, so that a wake's reason can say where it came from. */
export const CLIENT_HEADER = 'x-reveille-client';
export const RESOURCES_PATH = '/api/v1/resources';

/** Phases that a workflow tells of. */
export const KNOWN_PHASES = [
  'asleep',
  'imaging',
  'booting',
  'checking',
  'ready',
  'draining',
  'stopping',
  'failed',
] as const satisfies readonly Phase[];
/** `unknown`: an execution is open but nobody could say how it is. */
export const PHASES = [...KNOWN_PHASES, 'unknown'] as const;

/** What it took in the time that is looked at (`control.cost`). */
export interface Cost {
  /** First known to be awake; what always-on is reckoned from. */
  since: number;
  /** From the beginning of each boot to the end of its stop. */
  awakeHours: number;
  /** Where it has a price, as are the next two, in money. */
  currency?: string;
  spent?: number;
  /** Against being always on. */
  saved?: number;
}

/** One line of the list. */
export interface ResourceSummary {
  name: string;
  /** `unknown`: an execution is open but nobody could say how it is; `trouble` says why. */
  phase: Phase | 'unknown';
  /** False: awake, but no longer in the configuration. */
  configured: boolean;
  provider?: string;
  since?: number;
  /** Of a pool: how many of its members are awake. It is `ready` where any is, and nothing else is known of it. */
  members?: number;
  /** Why it is awake, and since when this awake period goes on. */
  wokenBy?: string;
  wokenAt?: number;
  lastActivity?: number;
  open: number;
  pinned: false | true | number;
  /** In words: connections, lease, pin, probe. */
  keptAwakeBy: string[];
  /** When the idle stop is due as things stand. */
  idleDeadline?: number;
  retryAt?: number;
  failure?: Failure;
  /** The first route, as people open it. */
  url?: string;
  workflow: { id: string; url?: string };
  /** Absent where nothing is known of it. */
  cost?: Cost;
  /** While it waits for a place among those of its provider (`quotas`): how many are before it. */
  ahead?: number;
  /** While it waits for images: how far they are. */
  image?: ImageProgress;
  /** True: it runs with an older definition, until its next boot. */
  outdated?: boolean;
  trouble?: { code: ErrorCode; message: string };
}

/** What of a resource's definition is worth showing: no command, no environment, no secret. */
export interface ConfigurationSummary {
  provider: string;
  routes: string[];
  idle: { after: number; then: StopMode; probe: boolean };
  lease: number | 'auto';
  health: string;
  bootTimeout: number;
}

export interface ResourceDetails extends ResourceSummary {
  /** The clock that the other times are to be compared with. */
  now: number;
  /** Of a pool: those that the configuration names, or, of one with a template, those that are awake. */
  memberNames?: readonly string[];
  /** All that the workflow says; absent while asleep. */
  status?: StatusState;
  configuration?: ConfigurationSummary;
}

export interface ResourceList {
  now: number;
  resources: ResourceSummary[];
}

export type Action = 'wake' | 'stop' | 'pin' | 'unpin' | 'delete';
/** 202 where it was asked for, 200 where it was waited for. */
export interface ActionResult {
  name: string;
  action: Action;
  /** Present where it was waited for, and where there was nothing to do. */
  phase?: 'ready' | 'asleep';
}

/** What became of a file in resources.d: 201 where it is new. */
export interface InstanceResult {
  name: string;
  action: 'put' | 'delete';
  /** Of delete: nothing of it runs any more. */
  phase?: 'asleep';
  /** The file is written or gone, but was not read yet: nobody reloads these parts, or the reload was refused. */
  pending?: true;
}

export interface Check {
  ok: boolean;
  detail: string;
}
/** Body of /readyz. */
export interface Readiness {
  ready: boolean;
  checks: { temporal: Check; worker: Check; proxy: Check };
}

/** Who calls, as CLIENT_HEADER says it. */
export type ClientName = 'cli' | 'dashboard' | 'api';

export const EVENTS_PATH = '/api/v1/events';
export const SESSION_PATH = '/api/v1/session';
export const TIMELINE_PATH = '/api/v1/timeline';

/** Event `change` of the feed; `list` is a ResourceList. */
export interface FeedChange {
  now: number;
  /** Whole lines. */
  changed: ResourceSummary[];
  /** Names that are no longer in the list. */
  gone: string[];
}
/** Event `trouble` of the feed: nothing can be read. The next event of another kind ends it. */
export interface FeedTrouble {
  code: ErrorCode;
  message: string;
  remedy: string;
}

/** From a wake to the end of its stop: one execution, or several of which each handed on to the next. */
export interface AwakePeriod {
  /** The resource, or member of a pool. */
  name: string;
  /** The last one. */
  runId: string;
  start: number;
  end: number;
  outcome: 'completed' | 'failed' | 'canceled' | 'terminated' | 'continued' | 'timed-out';
  wokenBy?: string;
  endedBy: string;
  boots: number;
  /** Of its last boot. */
  steps: StepTiming[];
  /** In the Temporal UI. */
  url?: string;
}
/** How long wakes took, all steps together: percentiles by nearest rank. */
export interface WakeTimes {
  count: number;
  p50: number;
  p90: number;
  p99: number;
}
export interface ResourceHistory {
  name: string;
  now: number;
  /** The latest first. */
  periods: AwakePeriod[];
  /** Absent where none of them booted. */
  wakes?: WakeTimes;
}

/** When everything was awake. */
export interface Timeline {
  now: number;
  /** Nothing is told of what was before. */
  from: number;
  /** No end: it is awake. */
  periods: { name: string; start: number; end?: number }[];
}

/** What the control address knows of its caller. */
export interface SessionResult {
  /** Whether the token signs in here. */
  byToken: boolean;
  /** Until when a session with the token holds; absent where there is none. */
  until?: number;
  /** Of somebody whom `proxy.identity` knows. */
  user?: string;
  /** Absent: nothing. */
  may?: 'see' | 'act';
}
