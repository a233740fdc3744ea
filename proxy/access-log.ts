import type { IncomingMessage } from 'node:http';
import type { Logger } from '../config/index.js';
import { plainAddress } from './peer.js';
import { pathOf } from './request-target.js';

export interface AccessEntry {
  request: IncomingMessage;
  requestId: string;
  resource: string;
  /** As verified. */
  user: string | undefined;
  /** 0: the client went away before an answer. */
  status: number;
  durationMs: number;
  /** Held until the resource was ready; 0 where it was. */
  coldMs: number;
  /** Sendings beyond the first. */
  resent: number;
  error: Error | undefined;
}

/**
 * One line for each request: at `info` where it was cold or went wrong on our side, else at `debug`, so that the
 * warm path costs nothing at the default level. Queries are left out: they may hold secrets.
 */
export function logAccess(log: Logger, entry: AccessEntry): void {
  const level = entry.coldMs > 0 || entry.status >= 500 ? 'info' : 'debug';
  if (!log.isLevelEnabled(level)) return;
  const { request, error } = entry;
  log[level](
    {
      req: entry.requestId,
      resource: entry.resource,
      ...(entry.user === undefined ? {} : { user: entry.user }),
      method: request.method,
      path: pathOf(request.url ?? ''),
      status: entry.status,
      ms: Math.round(entry.durationMs),
      client: plainAddress(request.socket.remoteAddress),
      ...(entry.coldMs > 0 ? { coldMs: Math.round(entry.coldMs) } : {}),
      ...(entry.resent > 0 ? { resent: entry.resent } : {}),
      ...(error === undefined ? {} : { error: error.message }),
    },
    'request',
  );
}
