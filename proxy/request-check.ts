/** Requests that a strict proxy does not forward, though Node's parser lets them through. */
import type { IncomingMessage } from 'node:http';
import { ReveilleError } from '../errors/index.js';
import { fieldsOf } from './client-request.js';
import { type BodyLimits, bodyTooLarge } from './request-body.js';

/** Bounds of a request. */
export interface RequestLimits {
  /** Most header fields. */
  readonly headers: number;
  readonly body: BodyLimits;
  /** Requests that may wait behind one another on a connection. */
  readonly pipelined: number;
}

/**
 * What is wrong with a request's head, if anything. Whoever two servers could read differently is refused, never
 * mended (RFC 9112 6.1, 6.3 and 11.2: request smuggling).
 */
export function faultOf(
  request: IncomingMessage,
  { headers, body }: RequestLimits,
): ReveilleError | undefined {
  if (request.rawHeaders.length > headers * 2) {
    return new ReveilleError('REQUEST_HEADERS_TOO_LARGE', `More than ${headers} header fields.`);
  }
  const fields = fieldsOf(request);
  const coding = fields['transfer-encoding'];
  if (coding === undefined) {
    return Number(fields['content-length']) > body.bytes ? bodyTooLarge(body) : undefined;
  }
  if (coding.toLowerCase() !== 'chunked') return invalid('Transfer-Encoding is anything but "chunked".');
  if (fields['content-length'] !== undefined) return invalid('Content-Length and Transfer-Encoding.');
  if (request.httpVersion === '1.0') return invalid('HTTP/1.0 knows no Transfer-Encoding.');
  return undefined;
}

function invalid(message: string): ReveilleError {
  return new ReveilleError('REQUEST_INVALID', message);
}
