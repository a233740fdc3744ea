import type { IncomingMessage } from 'node:http';
import { clientAddress } from '../../access/client-address.js';
import type { Identified } from '../../access/identity.js';
import { ANONYMOUS } from '../../access/visitor.js';
import { ReveilleError } from '../../errors/index.js';
import type { Gate } from '../gate-contract.js';
import { namedError } from '../problems.js';
import type { Target } from '../request-target.js';
import type { Pool, Route } from '../route.js';
import type { Traffic } from '../traffic.js';

interface Choice {
  route: Route;
  pool: Pool;
  request: IncomingMessage;
  target: Target;
  who: Identified;
}

/** The route to the member of a pool that serves a request, or why there is none. */
export function chooseMember(
  { gate, settings: { isTrusted, access } }: Pick<Traffic, 'gate' | 'settings'>,
  { route, pool, request, target: { authority, path }, who }: Choice,
): Route | ReveilleError {
  const { visitor } = who;
  const address = clientAddress(request, isTrusted);
  const asked = {
    authority,
    target: path,
    visitor,
    address,
    cookies: request.headers.cookie,
    allows: (resource: string) => access?.allows(resource, visitor, () => address) ?? true,
    refusal: (what: string) =>
      access?.refusal(ASKS_WHO, who, what) ?? new ReveilleError('IDENTITY_REQUIRED', `${what}.`),
  };
  try {
    return pool.choose(route, asked, gate);
  } catch (error) {
    return namedError(error);
  }
}

const ASKS_WHO = { asksWho: true, allows: () => false };

/** What a TCP door knows of a route. */
const BARE: Route = {
  resource: '',
  label: '',
  rulesOf: '',
  pool: undefined,
  prefix: '',
  host: undefined,
  path: undefined,
  strip: false,
  hostHeader: undefined,
  showLog: false,
};

/** The member for a connection of which the address alone is known. @param name the pool's. */
export function chooseFor(
  pool: Pool,
  name: string,
  address: string,
  gate: Pick<Gate, 'standing' | 'nudge'>,
): Pick<Route, 'resource' | 'rulesOf' | 'params'> {
  const asked = {
    authority: undefined,
    target: '/',
    visitor: ANONYMOUS,
    address,
    cookies: undefined,
    allows: () => true,
    refusal: (what: string) => new ReveilleError('ACCESS_DENIED', `${what}.`),
  };
  return pool.choose({ ...BARE, rulesOf: name }, asked, gate);
}
