/** Bytes of clients that are no request: answered where an answer has a place, and the connection ended. */
import type { Duplex } from 'node:stream';
import { ReveilleError } from '../errors/index.js';
import { connectionOf } from './connection.js';
import { rawProblem } from './problems.js';
import { newRequestId } from './request-id.js';

/** How long a client may take to read an error before its connection is cut. */
const LINGER_MS = 2000;

/** Handler of http.Server's `clientError`. */
export function onClientError(error: Error & { code?: string }, socket: Duplex): void {
  const connection = connectionOf(socket);
  // What follows a first error makes further ones.
  if (connection.closing) return;
  connection.closing = true;
  const serving = connection.current;
  // While an earlier request waits for its answer, an error here would be taken for that answer.
  const mayAnswer = serving === undefined || serving.broken();
  if (error.code === 'ECONNRESET' || !socket.writable || !mayAnswer) {
    socket.destroy(error);
    return;
  }
  endWith(socket, rawProblem(nameOf(error), newRequestId()));
}

/** Writes a whole answer and closes, but reads on for a while: a reset would take the answer away from the client. */
export function endWith(socket: Duplex, bytes: string): void {
  const cut = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.on('close', () => clearTimeout(cut));
  socket.on('error', () => socket.destroy());
  socket.end(bytes, 'latin1');
  socket.resume();
}

function nameOf(error: Error & { code?: string }): ReveilleError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new ReveilleError('REQUEST_HEADERS_TOO_LARGE');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ReveilleError('REQUEST_TIMEOUT', 'The head of the request did not arrive in time.');
    default:
      return new ReveilleError('REQUEST_INVALID', `The request cannot be parsed: ${error.message}.`);
  }
}
