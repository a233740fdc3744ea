/** The address that a request is from, where proxies stand in between. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { type IsTrusted, plainAddress } from './peer.js';
import { fieldOf } from './raw-fields.js';

/**
 * The last address in X-Forwarded-For that no trusted proxy has: what stands before it anybody may have written.
 * The peer's own address where it is not trusted.
 */
export function clientAddress(request: IncomingMessage, isTrusted: IsTrusted): string {
  let address = plainAddress(request.socket.remoteAddress);
  if (!isTrusted(address)) return address;
  const told = fieldOf(request.rawHeaders, 'x-forwarded-for')?.split(',') ?? [];
  for (const entry of told.reverse()) {
    const next = plainAddress(withoutPort(entry.trim()));
    if (isIP(next) === 0) return address;
    address = next;
    if (!isTrusted(address)) return address;
  }
  return address;
}

function withoutPort(entry: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/.exec(entry)?.[1] ?? /^(\d+(?:\.\d+){3}):\d+$/.exec(entry)?.[1] ?? entry;
}
