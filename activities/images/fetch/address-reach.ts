import { BlockList, isIPv4 } from 'node:net';

/**
 * From where an address can be reached. `special` is what no image is ever fetched from unless an operator names it:
 * link-local (with the metadata services of clouds), multicast, unspecified and reserved ones.
 */
export type Reach = 'public' | 'private' | 'loopback' | 'special';

/** RFC 6890 and IANA's registry of special-purpose addresses; 168.63.129.16 is Azure's host service. */
const IPV4: readonly [Reach, readonly string[]][] = [
  ['loopback', ['127.0.0.0/8']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10']],
  [
    'special',
    [
      '0.0.0.0/8',
      '100.100.100.200/32',
      '168.63.129.16/32',
      '169.254.0.0/16',
      '192.0.0.0/24',
      '192.0.2.0/24',
      '192.88.99.0/24',
      '198.18.0.0/15',
      '198.51.100.0/24',
      '203.0.113.0/24',
      '224.0.0.0/3',
    ],
  ],
];
const lists = IPV4.map(([reach, blocks]) => ({ reach, blocks: listOf(blocks) }));

function listOf(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = '', bits] = block.split('/');
    list.addSubnet(address, Number(bits), 'ipv4');
  }
  return list;
}

/** From where an IP address, as text without brackets, can be reached. What is none is `special`. */
export function reachOf(address: string): Reach {
  if (isIPv4(address)) return reachOfIpv4(address);
  const groups = groupsOf(address);
  return groups === undefined ? 'special' : reachOfIpv6(groups);
}

function reachOfIpv4(address: string): Reach {
  const found = lists.filter(({ blocks }) => blocks.check(address, 'ipv4')).map(({ reach }) => reach);
  // An address of a metadata service lies within a private block.
  return found.includes('special') ? 'special' : (found[0] ?? 'public');
}

/** Forms that carry an IPv4 address are judged by it: they end at that address where the network translates. */
function reachOfIpv6(groups: readonly number[]): Reach {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  const low = reachOfIpv4(dotted(g, h));
  const high = [a, b, c, d, e].every((group) => group === 0);
  if (high && f === 0xffff) return low;
  if (high && f === 0) return g === 0 && h === 1 ? 'loopback' : 'special';
  if (a === 0x64 && b === 0xff9b) return [c, d, e, f].every((group) => group === 0) ? low : 'special';
  if (a === 0x2002) return reachOfIpv4(dotted(b, c));
  if ((a & 0xfe00) === 0xfc00) return a === 0xfd00 && b === 0xec2 ? 'special' : 'private';
  // Of the global ones, 2001::/23 (Teredo, ORCHID, benchmarks) and those for documentation are nobody's servers.
  const global = (a & 0xe000) === 0x2000;
  const reserved = (a === 0x2001 && (b < 0x200 || b === 0xdb8)) || (a & 0xfff0) === 0x3ff0;
  return global && !reserved ? 'public' : 'special';
}

const dotted = (high: number, low: number): string =>
  [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');

/** The eight groups of an IPv6 address, or undefined where it is none. A zone is left aside. */
function groupsOf(address: string): number[] | undefined {
  if (!URL.canParse(`http://[${address.replace(/%.*$/, '')}]/`)) return undefined;
  // The URL parser writes all forms, a dotted tail among them, as hexadecimal groups.
  const text = new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [first, last] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  return [...first, ...Array<number>(zeros).fill(0), ...last];
}
