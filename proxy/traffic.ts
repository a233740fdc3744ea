/** What every request of one front door shares. */
import type { Config, Logger } from '../config/index.js';
import type { Gate } from './gate-contract.js';
import type { TrafficMetrics } from './metrics.js';
import { type IsTrusted, isLoopback, trustedPeers } from './peer.js';
import { type Route, Router } from './router.js';
import type { RunningList } from './running.js';
import type { Upstreams } from './upstream.js';

/** What a reload replaces. A request keeps what it began with. */
export interface Settings {
  readonly router: Router;
  readonly isTrusted: IsTrusted;
  /** Most header fields of a request. */
  readonly maxHeaders: number;
  /** How long a request may be held, resends included. Milliseconds. */
  readonly holdMs: number;
}

/** @throws ReveilleError CONFIG_INVALID. */
export function settingsOf(config: Config): Settings {
  return {
    router: new Router(config, isLoopback(config.proxy.listen)),
    isTrusted: trustedPeers(config.proxy.trusted),
    maxHeaders: config.proxy.limits.headers,
    holdMs: config.proxy.hold.time,
  };
}

export interface Traffic {
  readonly gate: Gate;
  readonly log: Logger;
  readonly metrics: TrafficMetrics;
  readonly upstreams: Upstreams;
  readonly running: RunningList;
  /** Resources for which a hold goes on although its client was shown the waiting page. */
  readonly keptAwake: Set<string>;
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

/** The request-target towards the instance: the client's own bytes, less a stripped prefix. */
export function forwardedPath(route: Route, path: string): string {
  if (!route.strip) return path;
  const rest = path.slice(route.prefix.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}
