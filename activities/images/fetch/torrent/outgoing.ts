/**
 * Where the process that speaks BitTorrent may connect to. Trackers, peers and web seeds are named by whoever made the
 * torrent and by whoever answers, so the check sits under all of them: in the sockets of that process.
 */
import dgram from 'node:dgram';
import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import net, { isIP, type LookupFunction } from 'node:net';
import { reachOf } from '../address-reach.js';

export interface PeerRules {
  /** Whether the operator named the torrent: then private networks and this host may be peers. */
  trusted: boolean;
  allowPrivate: boolean;
}

const REFUSED = 'an address that is not allowed';

/** Whether a peer or tracker may be at an address. */
function mayBeAt(address: string, { trusted, allowPrivate }: PeerRules): boolean {
  const reach = reachOf(address);
  return allowPrivate || reach === 'public' || (trusted && reach !== 'special');
}

/**
 * Makes every later connection and datagram of this process subject to the rules, and every server listen at `host`.
 * For a process of its own alone.
 */
export function guardSockets(rules: PeerRules, host: string): void {
  const lookup = guardedLookup(rules);
  guardConnect(rules, lookup);
  guardDatagrams(lookup);
  const listen = net.Server.prototype.listen;
  net.Server.prototype.listen = function (this: net.Server, ...args: unknown[]): net.Server {
    const [port, ...rest] = args;
    const own = typeof port === 'number' ? [port, host, ...rest] : args;
    return Reflect.apply(listen, this, own);
  };
}

/** A socket's connect takes options, a port and host, or what node:net made of either: an array with options first. */
function guardConnect(rules: PeerRules, lookup: LookupFunction): void {
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]): net.Socket {
    const options = optionsOf(args);
    const refused =
      options === undefined ||
      ('path' in options && options.path !== undefined && options.path !== null) ||
      (isIP(String(options.host ?? '')) !== 0 && !mayBeAt(String(options.host), rules));
    if (refused) return this.destroy(new Error(REFUSED));
    options.lookup = lookup;
    const [first, ...rest] = args;
    if (!Array.isArray(first)) return Reflect.apply(connect, this, [options, ...rest.filter(isCallback)]);
    // node:net knows its own array again by a mark on it.
    first[0] = options;
    return Reflect.apply(connect, this, args);
  };
}

const isCallback = (argument: unknown): boolean => typeof argument === 'function';

function optionsOf([first, second]: unknown[]): Record<string, unknown> | undefined {
  const options: unknown = Array.isArray(first) ? first[0] : first;
  if (typeof options === 'number') return { port: options, host: second };
  return typeof options === 'object' && options !== null ? { ...options } : undefined;
}

function guardedLookup(rules: PeerRules): LookupFunction {
  const system = dns.lookup;
  return (name, options: LookupOptions, callback) => {
    system(name, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, '');
      const allowed = addresses.filter(({ address }) => mayBeAt(address, rules));
      const [first] = allowed;
      if (first === undefined) return callback(new Error(`${name}: ${REFUSED}`), '');
      if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

/** A datagram's address goes through its socket's lookup even where it is no name; so does the one it is sent from. */
function guardDatagrams(lookup: LookupFunction): void {
  const createSocket = dgram.createSocket.bind(dgram);
  const guarded = (options: dgram.SocketType | dgram.SocketOptions): dgram.Socket => {
    let binds = false;
    const socket = createSocket({
      ...(typeof options === 'string' ? { type: options } : options),
      lookup: (name, given, callback) => {
        if (binds) return callback(null, name, isIP(name));
        lookup(name, { ...given, all: false }, (error, address, family) =>
          callback(error, typeof address === 'string' ? address : '', family ?? 4),
        );
      },
    });
    const bind = socket.bind;
    socket.bind = (...args: unknown[]): dgram.Socket => {
      // The lookup comes before bind returns.
      binds = true;
      try {
        return Reflect.apply(bind, socket, args);
      } finally {
        binds = false;
      }
    };
    return socket;
  };
  Object.assign(dgram, { createSocket: guarded });
}
