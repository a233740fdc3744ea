import type { IncomingMessage } from 'node:http';
import type { Identified } from '../access/identity.js';
import { fieldsOf } from './client-request.js';
import { requestText, type SenderText } from './headers.js';
import type { Target } from './request-target.js';
import type { Route } from './route.js';
import { forwardedPath } from './traffic.js';

interface Asked {
  route: Route;
  target: Target;
  requestId: string;
}

interface Sender {
  trusted: boolean;
  who: Identified;
  traceparent: string | undefined;
}

/** Whether a request's body comes in chunks, and so leaves. */
export const isChunked = (request: IncomingMessage): boolean =>
  fieldsOf(request)['transfer-encoding'] !== undefined;

/** The head of a request as it is written to an instance. @param known see requestText. */
export function writtenHead(
  request: IncomingMessage,
  { route, target, requestId }: Asked,
  { trusted, who, traceparent }: Sender,
  known: SenderText,
): string {
  const written = {
    method: request.method ?? 'GET',
    path: forwardedPath(route, target.path),
    chunked: isChunked(request),
    authority: target.authority,
    requestId,
    trusted,
    strippedPrefix: route.strip && route.prefix !== '' ? route.prefix : undefined,
    hostHeader: route.hostHeader,
    upgrade: false,
    visitor: who.fields,
    traceparent,
  };
  return requestText(request, written, known);
}
