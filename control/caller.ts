/** Who calls the control address: found by the guard, told to the audit and in the reasons of what is done. */
import type { IncomingMessage } from 'node:http';
import { clientAddress } from '../access/client-address.js';
import type { IsTrusted } from '../access/peer.js';

export interface Caller {
  /** Beyond proxies that are trusted. */
  readonly address: string;
  /** Of somebody that `proxy.identity` knows. */
  readonly user?: string | undefined;
  /** Absent: nothing. */
  readonly may?: 'see' | 'act' | undefined;
}

const callers = new WeakMap<IncomingMessage, Caller>();

/** To be called before anybody asks: what is not known yet is where a request comes from. */
export function noteAddress(req: IncomingMessage, isTrusted: IsTrusted): void {
  callers.set(req, { address: clientAddress(req, isTrusted) });
}

export function noteCaller(req: IncomingMessage, caller: Omit<Caller, 'address'>): void {
  callers.set(req, { ...caller, address: callerOf(req).address });
}

export function callerOf(req: IncomingMessage): Caller {
  return callers.get(req) ?? { address: req.socket.remoteAddress ?? 'unknown' };
}
