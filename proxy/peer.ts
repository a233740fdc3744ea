/** Who is at the other end of a connection, and whether what they say of others is believed. */
import { BlockList, isIP } from 'node:net';
import { ReveilleError } from '../errors/index.js';

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
  if (trusted.length === 0) return () => false;
  const list = new BlockList();
  for (const entry of trusted) addEntry(list, entry);
  return (address) => {
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
}

function addEntry(list: BlockList, entry: string): void {
  const [address = '', bits, ...rest] = entry.split('/');
  const family = isIP(address);
  const longest = family === 6 ? 128 : 32;
  const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (family === 0 || rest.length > 0 || !(prefix <= longest)) {
    throw new ReveilleError('CONFIG_INVALID', `proxy.trusted: "${entry}" is no address and no CIDR block.`);
  }
  list.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
}

/** Whether HOST:PORT can be reached from this machine only. */
export function isLoopback(listen: string): boolean {
  const host = listen
    .slice(0, listen.lastIndexOf(':'))
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
