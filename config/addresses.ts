import { BlockList, isIP } from 'node:net';

/** A host and a port to listen at or to connect to. The host of an IPv6 address has no brackets. */
export interface HostPort {
  host: string;
  port: number;
}

/**
 * Takes `127.0.0.1:8080`, `example.org:80` or `[::1]:8080` apart.
 * @throws TypeError where the text is none of these; addresses of a checked configuration never are.
 */
export function splitAddress(address: string): HostPort {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port <= 65535)) throw new TypeError(`not HOST:PORT: ${address}`);
  return { host, port };
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether only this machine can reach what listens at `host`. Names other than localhost count as not. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  const family = isIP(name);
  return family !== 0 && loopback.check(name, family === 6 ? 'ipv6' : 'ipv4');
}

const ANY = new Set(['0.0.0.0', '::', '*']);

/** Whether two listeners at these addresses would be in each other's way. Port 0 never is. */
export function addressesClash(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  const [first, second] = [a, b].map(({ host }) => (host === 'localhost' ? '127.0.0.1' : host.toLowerCase()));
  return first === second || ANY.has(a.host) || ANY.has(b.host);
}

/** Whether `text` is an IP address or a block of them such as 10.0.0.0/8. */
export function isAddressOrBlock(text: string): boolean {
  const [ip = '', bits, ...rest] = text.split('/');
  const family = isIP(ip);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** HOST:PORT, with the brackets of an IPv6 address. */
export function addressText({ host, port }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
