import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A peer that vanished without a word is noticed by TCP after this silence and its probes. */
const PROBE_AFTER_MS = 30_000;

interface SocketLike extends Duplex {
  setTimeout?(ms: number): unknown;
  setNoDelay?(on: boolean): unknown;
  setKeepAlive?(on: boolean, afterMs: number): unknown;
}

/**
 * Joins two connections, with backpressure and no idle limit. The end of one direction is passed on as just that
 * (half-close); an error or a reset of one ends both. Both have an error handler already.
 */
export function splice(a: Duplex, b: Duplex): void {
  prepare(a);
  prepare(b);
  a.pipe(b);
  b.pipe(a);
  // A clean close comes after both directions have ended; any other leaves the second one without a partner.
  a.once('close', () => endPartner(a, b));
  b.once('close', () => endPartner(b, a));
}

function prepare(socket: SocketLike): void {
  socket.setTimeout?.(0);
  socket.setNoDelay?.(true);
  socket.setKeepAlive?.(true, PROBE_AFTER_MS);
}

function endPartner(closed: Duplex, partner: Duplex): void {
  const clean = closed.readableEnded && closed.writableFinished && closed.errored === null;
  if (clean) return;
  // A reset is passed on as one: a plain end could be taken for all that there was to say.
  if (closed.errored !== null && partner instanceof Socket) partner.resetAndDestroy();
  else partner.destroy();
}
