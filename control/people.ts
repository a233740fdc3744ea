/** People whom `proxy.identity` knows, at the control address. */
import type { IncomingMessage } from 'node:http';
import type { Teller } from '../access/identity.js';
import { ReveilleError } from '../errors/index.js';
import type { People } from './settings.js';

export interface Person {
  /** Undefined: known by groups alone. */
  user: string | undefined;
  may: 'see' | 'act' | undefined;
  /** What told who it is. All but a bearer token browsers send by themselves, or a proxy in front makes of a cookie. */
  by: Teller | undefined;
}

/**
 * Who a request is from. Never rejects.
 * @param address the client's.
 * @returns nobody, with what was wrong about what they showed.
 */
export async function personOf(
  req: IncomingMessage,
  { identity, see, act }: People,
  address: string,
): Promise<Person | { trouble: ReveilleError | undefined }> {
  const identified = await identity?.identify(req, undefined);
  const { visitor } = identified ?? {};
  if (visitor === undefined || (visitor.user === undefined && visitor.groups.length === 0))
    return { trouble: identified?.trouble };
  const from = () => address;
  const mayAct = act?.allows(visitor, from) === true;
  const may = mayAct ? 'act' : see?.allows(visitor, from) === true ? 'see' : undefined;
  return { user: visitor.user, may, by: identified?.by };
}

/** @throws ReveilleError ACCESS_DENIED where they may not. */
export function checkMay({ user = 'this caller', may }: Omit<Person, 'by'>, reads: boolean): void {
  if (may === 'act' || (may === 'see' && reads)) return;
  const what = may === 'see' ? 'may see here, and not act' : 'may not use the control address';
  throw new ReveilleError('ACCESS_DENIED', `${user} ${what} (control.access)`);
}
