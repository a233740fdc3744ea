/** What every request of one front door shares. */
import type { IncomingMessage } from 'node:http';
import { type Identified, Identities } from '../access/identity.js';
import { type IsTrusted, isLoopback, trustedPeers } from '../access/peer.js';
import type { AsleepAnswer, Config, Logger } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import type { Tracing } from '../tracing/contract.js';
import { Access } from './access/access.js';
import { ClaimedUrls } from './access/claimed-url.js';
import type { WakeLimits } from './access/wake-limits.js';
import { WakeRules } from './access/wake-rules.js';
import type { AccessLog } from './access-log/access-log.js';
import type { Gate, Pass } from './gate-contract.js';
import type { TrafficMetrics } from './metrics.js';
import { poolsOf } from './pool/pools.js';
import type { Refusals } from './refusals.js';
import type { RequestLimits } from './request-check.js';
import { pathOf, type Target } from './request-target.js';
import { type Route, Router } from './router.js';
import type { RunningList } from './running.js';
import type { Upstreams } from './upstream.js';
import type { WaitingFeeds } from './waiting/feeds.js';
import { Pages } from './waiting/pages.js';

/** What a reload replaces. A request keeps what it began with. */
export interface Settings {
  readonly router: Router;
  readonly isTrusted: IsTrusted;
  /** Undefined where everybody may use everything and nobody has a name. */
  readonly access: Access | undefined;
  readonly wakeRules: WakeRules;
  readonly claimedUrls: ClaimedUrls | undefined;
  readonly limits: RequestLimits;
  /** How long a request may be held, resends included. Milliseconds. */
  readonly holdMs: number;
  /** What browsers are shown of a wake, and within which bounds. */
  readonly waiting: Config['proxy']['waiting'];
  readonly pages: Pages;
}

/** Makes settings of configurations, with what outlives a reload: keys and checked tokens. */
export class SettingsMaker {
  readonly #identities: Identities;

  constructor(
    log: Logger,
    private readonly limits: WakeLimits,
  ) {
    this.#identities = new Identities(log);
  }

  /** @throws ReveilleError CONFIG_INVALID. */
  make(config: Config): Settings {
    const { proxy } = config;
    const onLoopback = isLoopback(proxy.listen);
    const isTrusted = trustedPeers(proxy.trusted);
    const access = new Access(config, this.#identities.of(config), isTrusted);
    const claimed = proxy.identity?.claimedGroups;
    const pools = poolsOf(config, onLoopback);
    return {
      router: new Router(config, onLoopback, pools),
      isTrusted,
      access: access.isOpen ? undefined : access,
      wakeRules: new WakeRules(config, access, isTrusted, this.limits),
      claimedUrls: claimed && new ClaimedUrls(claimed.path, config, onLoopback, pools),
      limits: limitsOf(proxy.limits),
      holdMs: proxy.hold.time,
      waiting: proxy.waiting,
      pages: new Pages(config),
    };
  }
}

function limitsOf({ headers, body, bodyTimeout, pipelined }: Config['proxy']['limits']): RequestLimits {
  const bytes = body ?? Number.POSITIVE_INFINITY;
  return { headers, body: { bytes, timeoutMs: bodyTimeout }, pipelined };
}

/** The route of a request, or why there is none. */
export function routeOf(
  { claimedUrls, router }: Settings,
  { authority, path }: Target,
): Route | ReveilleError {
  const route = claimedUrls?.match(path) ?? router.match(authority, path);
  if (route === 'ambiguous') {
    const message = 'The path can be read as one that leads elsewhere (encoded, doubled or dotted slashes).';
    return new ReveilleError('REQUEST_INVALID', message);
  }
  if (route === 'unknown') return new ReveilleError('RESOURCE_UNKNOWN');
  return route ?? new ReveilleError('ROUTE_UNKNOWN', `No route for ${authority ?? ''}${pathOf(path)}.`);
}

export interface Traffic {
  readonly gate: Gate;
  readonly log: Logger;
  readonly metrics: TrafficMetrics;
  readonly upstreams: Upstreams;
  readonly running: RunningList;
  readonly refusals: Refusals;
  /** Resources for which a hold goes on although its client was shown the waiting page. */
  readonly keptAwake: Set<string>;
  readonly feeds: WaitingFeeds;
  /** Undefined where no traces are made. */
  readonly tracing: Tracing | undefined;
  /** Undefined where none is wanted. */
  accessLog: AccessLog | undefined;
  settings: Settings;
  /** No new request on connections that stand. */
  draining: boolean;
  /** Called when something in `running` has ended while draining. */
  onDrained: () => void;
}

const REASON_LENGTH = 200;

/** Why a resource is woken: request id, method, path without query, bounded. */
export function wakeReason(requestId: string, method: string, path: string): string {
  return `${requestId} ${method} ${path}`.slice(0, REASON_LENGTH);
}

/** A request for which the gate has no pass yet. */
export interface Knock {
  route: Route;
  request: IncomingMessage;
  requestId: string;
  target: Target;
  who: Identified;
  /** The trace that a wake belongs to. */
  trace?: string | undefined;
  signal: AbortSignal;
}

/** Waits at the gate as the rules have it: for a pass, or for an answer of the proxy's own. See WakeRules. */
export function knock(
  gate: Gate,
  { wakeRules }: Settings,
  { route, ...asked }: Knock,
): Promise<Pass | AsleepAnswer> {
  const { resource, rulesOf, params } = route;
  const { request, requestId, who, trace, signal } = asked;
  const path = pathOf(asked.target.path);
  const reason = wakeReason(requestId, request.method ?? '', path);
  const by = who.visitor.user;
  const sleeper = { gate, resource, rulesOf, request, path, who };
  return wakeRules.enter(sleeper, { reason, by, trace, signal, params });
}

/** The request-target towards the instance: the client's own bytes, less a stripped prefix. */
export function forwardedPath(route: Route, path: string): string {
  if (!route.strip) return path;
  const rest = path.slice(route.prefix.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}
