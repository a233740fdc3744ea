/** Who is at the other end of a connection, and whether what they say of others is believed. */
import { isIP } from 'node:net';
import { addressList } from './address-list.js';

/** Whether a peer's X-Forwarded-* and X-Request-Id are believed. Nobody's are unless the configuration says so. */
export type IsTrusted = (address: string) => boolean;

/** IPv4 addresses as they are written, also where the socket is IPv6 (`::ffff:192.0.2.1`). */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/**
 * @param trusted addresses and CIDR blocks.
 * @throws ReveilleError CONFIG_INVALID where one is neither.
 */
export function trustedPeers(trusted: readonly string[]): IsTrusted {
  return addressList(trusted, 'proxy.trusted');
}

/** Whether HOST:PORT can be reached from this machine only. */
export function isLoopback(listen: string): boolean {
  const host = listen
    .slice(0, listen.lastIndexOf(':'))
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
