/** Answers on a socket that Node's server has given out of its hands (an upgrade). */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { trailerFields } from './headers.js';

/** A response that ends the connection when it is finished. */
export function responseOn(request: IncomingMessage, socket: Duplex): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  // Node's server did this for its sockets; without it, a full buffer would stop the answer for ever.
  socket.on('drain', () => response.emit('drain'));
  response.on('error', () => socket.destroy());
  response.assignSocket(socket as Socket);
  response.on('finish', () => {
    response.detachSocket(socket as Socket);
    socket.end();
  });
  return response;
}

/** Sends an instance's answer on: streamed, and cut where it is cut. */
export function relayAnswer(answer: IncomingMessage, response: ServerResponse, fields: string[]): void {
  const cut = (): void => {
    response.destroy();
  };
  response.on('close', () => answer.destroy());
  answer.on('error', cut);
  answer.on('close', () => {
    if (!answer.complete) cut();
  });
  answer.on('end', () => {
    if (!answer.complete) return;
    if (response.chunkedEncoding) response.addTrailers(trailerFields(answer.rawTrailers));
    response.end();
  });
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', fields);
  response.flushHeaders();
  answer.pipe(response, { end: false });
}

/** The head of an answer, as bytes. @param fields names and values in turn. */
export function headText(status: number, reason: string, fields: readonly string[]): string {
  let text = `HTTP/1.1 ${status} ${reason}\r\n`;
  for (let i = 0; i + 1 < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return `${text}\r\n`;
}
