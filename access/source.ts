import { isIPv6 } from 'node:net';

/** What one client has for itself: an IPv4 address, or a /64 of IPv6 (RFC 6177: a site gets at least that). */
export function sourceOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.toLowerCase().split('%')[0]?.split('::') ?? [];
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array<string>(zeros).fill('0'), ...back];
  const network = groups.slice(0, 4).map((group) => group.padStart(4, '0'));
  return `${network.join(':')}::/64`;
}
