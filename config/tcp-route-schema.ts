import { z } from 'zod';
import { size, span } from './units.js';
import { address, addressOrBlock, port, whole } from './values.js';
import { wants } from './wording.js';

const DOOR = wants('a TCP door', 'a port such as 2222, or HOST:PORT such as 0.0.0.0:2222');
const doorAddress = z
  .string({ error: DOOR })
  .refine((value) => address.safeParse(value).success && !/:0+$/.test(value), DOOR);

/**
 * A front door of its own, for any protocol over TCP. Who connects is held while the resource wakes, and then
 * joined with it: bytes both ways, half-closes too. An open connection counts as use.
 */
export const tcpRoute = z.strictObject({
  /** Port on the host of proxy.listen, or HOST:PORT. */
  tcp: z.union([port, doorAddress], { error: DOOR }),
  /**
   * Bytes that a client must have sent before anything is done for it, so that port scans neither wake the
   * resource nor keep it awake. Only for protocols in which the client speaks first (ssh, PostgreSQL, TLS).
   */
  wakeAfter: whole(0, 65_536).default(0),
  /** Within which those bytes must have come. */
  wakeWithin: span.default(30_000),
  /** Addresses and blocks of clients that may connect. Default: everybody. */
  allow: z.array(addressOrBlock).optional(),
  /** Addresses and blocks that may not, also where allow has them. */
  deny: z.array(addressOrBlock).default([]),
  /** Connections to this door at the same time. */
  connections: whole(1).default(1000),
  /** Connections to this door from one address (of IPv6: from one /64) at the same time. */
  perAddress: whole(1).default(100),
  /** A connection over which nothing has passed for so long is cut. Default: none is. */
  idle: span.optional(),
  /** What a client may send while it is held; more stays unread. */
  buffer: size.default(64 * 1024),
});

export type TcpRoute = z.output<typeof tcpRoute>;
