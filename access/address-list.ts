import { BlockList, isIP } from 'node:net';
import { ReveilleError } from '../errors/index.js';

/** Whether an address, written plainly, is in a list. */
export type IsListed = (address: string) => boolean;

/**
 * @param entries addresses and CIDR blocks.
 * @param key where they stand in the configuration.
 * @throws ReveilleError CONFIG_INVALID where one is neither.
 */
export function addressList(entries: readonly string[], key: string): IsListed {
  if (entries.length === 0) return () => false;
  const list = new BlockList();
  for (const entry of entries) addEntry(list, entry, key);
  return (address) => {
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
}

function addEntry(list: BlockList, entry: string, key: string): void {
  const [address = '', bits, ...rest] = entry.split('/');
  const family = isIP(address);
  const longest = family === 6 ? 128 : 32;
  const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (family === 0 || rest.length > 0 || !(prefix <= longest)) {
    throw new ReveilleError('CONFIG_INVALID', `${key}: "${entry}" is no address and no CIDR block.`);
  }
  list.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
}
