import type { IncomingMessage } from 'node:http';
import { clientAddress } from '../access/client-address.js';
import { type IsTrusted, plainAddress } from '../access/peer.js';
import type { Visitor } from '../access/visitor.js';
import type { Logger } from '../config/index.js';
import { isReveilleError } from '../errors/index.js';
import type { AccessLog } from './access-log/access-log.js';
import { connectionOf } from './connection.js';
import { NO_ROUTE, type TrafficMetrics } from './metrics.js';
import { pathOf } from './request-target.js';
import type { RequestTrace } from './request-trace.js';
import type { Route } from './route.js';

export interface AccessEntry {
  request: IncomingMessage;
  requestId: string;
  /** Undefined where none was found. */
  route: Route | undefined;
  visitor: Visitor;
  /** 0: the client went away before an answer. */
  status: number;
  /** When the request came: monotonic clock, ms. */
  startedAt: number;
  /** Held until the resource was ready; 0 where it was. */
  coldMs: number;
  /** Sendings to instances. */
  sendings: number;
  error: Error | undefined;
  /** Its spans, where traces are made. */
  trace?: RequestTrace | undefined;
}

interface Accounts {
  metrics: TrafficMetrics;
  log: Logger;
  accessLog: AccessLog | undefined;
  settings: { isTrusted: IsTrusted };
}

/** Counts a request that has ended, and logs it. */
export function account(to: Accounts, entry: AccessEntry): void {
  const durationMs = performance.now() - entry.startedAt;
  const { label } = entry.route ?? NO_ROUTE;
  to.metrics.ended(label, entry.status, durationMs, entry.coldMs);
  if (isReveilleError(entry.error)) to.metrics.failed(label, entry.error.code);
  entry.trace?.ended(label, entry.status, entry.error);
  if (to.accessLog !== undefined) writeLine(to.accessLog, to.settings.isTrusted, entry, durationMs);
  logAccess(to.log, entry, durationMs);
}

/**
 * One line for each request: at `info` where it was cold or went wrong on our side, else at `debug`, so that the
 * warm path costs nothing at the default level. Queries are left out: they may hold secrets.
 */
function logAccess(log: Logger, entry: AccessEntry, durationMs: number): void {
  const level = entry.coldMs > 0 || entry.status >= 500 ? 'info' : 'debug';
  if (!log.isLevelEnabled(level)) return;
  const { request, error, visitor, sendings } = entry;
  log[level](
    {
      req: entry.requestId,
      resource: (entry.route ?? NO_ROUTE).resource,
      ...(visitor.user === undefined ? {} : { user: visitor.user }),
      method: request.method,
      path: pathOf(request.url ?? ''),
      status: entry.status,
      ms: Math.round(durationMs),
      client: plainAddress(request.socket.remoteAddress),
      ...(entry.coldMs > 0 ? { coldMs: Math.round(entry.coldMs) } : {}),
      ...(sendings > 1 ? { resent: sendings - 1 } : {}),
      ...(error === undefined ? {} : { error: error.message }),
    },
    'request',
  );
}

function writeLine(log: AccessLog, isTrusted: IsTrusted, entry: AccessEntry, durationMs: number): void {
  const { request, requestId, route, visitor, status, coldMs } = entry;
  const { socket, headers, method = '', url = '', httpVersion } = request;
  const connection = connectionOf(socket);
  const bytes = socket.bytesWritten - connection.toldBytes;
  connection.toldBytes += bytes;
  log.write({
    at: new Date(Date.now() - durationMs),
    client: clientAddress(request, isTrusted),
    user: visitor.user,
    method,
    path: pathOf(url),
    httpVersion,
    status,
    bytes,
    referer: headers.referer,
    agent: headers['user-agent'],
    requestId,
    resource: (route ?? NO_ROUTE).resource,
    ms: durationMs,
    coldMs,
  });
}
