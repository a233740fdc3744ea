/** Requests with an Upgrade field: which become tunnels, and which are served as if they had none. */
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { connectionOf } from './connection.js';
import { hasBody } from './request-body.js';
import type { Traffic } from './traffic.js';
import { Tunnel } from './tunnel.js';

/**
 * Takes a socket that Node's server has let go because of an upgrade.
 * An upgrade to HTTP/2 (`h2c`; Java's client asks for it with every first request) would hide the requests inside
 * from the routes, and a body before the 101 has no clear end. RFC 9110 7.8 lets a server ignore the field.
 */
export function takeUpgrade(
  traffic: Traffic,
  server: Server,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  // Pipelined behind a request whose answer is still due: whatever is written now would be taken for that.
  const { current, closing } = connectionOf(socket);
  if (current !== undefined || closing) socket.destroy();
  else if (isPlain(request)) serveAsPlain(server, request, socket, head);
  else new Tunnel(traffic, request, socket, head).start();
}

function isPlain(request: IncomingMessage): boolean {
  if (request.httpVersion !== '1.1' || hasBody(request)) return true;
  const protocols = (request.headers.upgrade ?? '').toLowerCase().split(',');
  return protocols.some((protocol) => protocol.trim() === 'h2c');
}

/** Gives the connection back to the server, its request written anew without the upgrade. */
function serveAsPlain(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const raw = request.rawHeaders;
  let text = `${request.method} ${request.url} HTTP/${request.httpVersion}\r\n`;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'upgrade') continue;
    text += `${name}: ${lower === 'connection' ? withoutUpgrade(value) : value}\r\n`;
  }
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]));
  const event = 'encrypted' in socket ? 'secureConnection' : 'connection';
  serverOf(socket, server).emit(event, socket);
}

/** The one that accepted it: another program's server has more to serve than this door. */
function serverOf(socket: Duplex, door: Server): EventEmitter {
  return 'server' in socket && socket.server instanceof NetServer ? socket.server : door;
}

function withoutUpgrade(connection: string): string {
  const rest = connection.split(',').filter((part) => part.trim().toLowerCase() !== 'upgrade');
  return rest.join(',').trim() || 'keep-alive';
}
