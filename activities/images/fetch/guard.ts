import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { ReveilleError } from '../../../errors/index.js';
import { type Reach, reachOf } from './address-reach.js';
import { shownUrl } from './shown-url.js';

/** What decides whether an address may be connected to. */
export interface Rules {
  trusted: boolean;
  allowPrivate: boolean;
  /** Whether a digest will tell if the bytes are right, whoever sends them. */
  digestKnown: boolean;
}

/** One request of a chain of redirects. */
export interface Hop {
  url: URL;
  /** From where the server that redirected here can be reached; undefined for the URL that was given. */
  cameFrom?: Reach;
}

/**
 * Checks an address right before it is connected to.
 *
 * An operator's URL may lead anywhere. Whoever answers there may redirect as far in as it is itself: a public server
 * does not get to choose among the private addresses of this network, and nobody gets to choose special ones.
 * @throws ReveilleError IMAGE_ADDRESS_REFUSED, IMAGE_SOURCE_INVALID for http off loopback without a digest.
 */
export function checkAddress(address: string, { url, cameFrom }: Hop, rules: Rules): void {
  const reach = reachOf(address);
  if (url.protocol === 'http:' && reach !== 'loopback' && !rules.digestKnown) {
    throw new ReveilleError('IMAGE_SOURCE_INVALID', `${shownUrl(url)} is http: it needs a digest`);
  }
  if (reach === 'public' || rules.allowPrivate) return;
  const named = rules.trusted && cameFrom === undefined;
  const within = rules.trusted && reach !== 'special' && cameFrom !== undefined && cameFrom !== 'public';
  if (named || within) return;
  const how = cameFrom === undefined ? 'leads' : 'is redirected to, and leads';
  throw new ReveilleError(
    'IMAGE_ADDRESS_REFUSED',
    `${shownUrl(url)} ${how} to ${address}, which is not public`,
  );
}

/**
 * A `lookup` for sockets that gives permitted addresses only. The socket connects to what this gives and asks no
 * second time, so a name cannot mean another address after the check (DNS rebinding).
 */
export function guardedLookup(hop: Hop, rules: Rules): LookupFunction {
  return (name, options: LookupOptions, callback) => {
    lookup(name, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '');
      try {
        const permitted = permittedOf(addresses, hop, rules);
        const [first] = permitted;
        if (options.all === true) callback(null, permitted);
        else callback(null, first.address, first.family);
      } catch (refusal) {
        callback(refusal instanceof Error ? refusal : new Error(String(refusal)), '');
      }
    });
  };
}

/** @throws the refusal of the last one where none is permitted. */
function permittedOf(
  addresses: readonly LookupAddress[],
  hop: Hop,
  rules: Rules,
): [LookupAddress, ...LookupAddress[]] {
  let refusal: unknown = new ReveilleError('IMAGE_UNREACHABLE', `${hop.url.hostname} has no address`);
  const permitted = addresses.filter(({ address }) => {
    try {
      checkAddress(address, hop, rules);
      return true;
    } catch (error) {
      refusal = error;
      return false;
    }
  });
  const [first, ...others] = permitted;
  if (first === undefined) throw refusal;
  return [first, ...others];
}
