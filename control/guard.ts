/** Who may talk to the control address. What is not allowed here is refused. */
import { isIP } from 'node:net';
import type { Request, RequestHandler, Response } from 'express';
import { isLoopback } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import { callerOf, noteCaller } from './caller.js';
import { checkMay, personOf } from './people.js';
import { sessionEnd } from './session.js';
import type { Access } from './settings.js';
import type { Tokens } from './tokens.js';

const SAFE = new Set(['GET', 'HEAD']);
/** Node's timers know no longer time. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface GuardParts {
  /** Asked for each request: a reload changes it. */
  access: () => Access;
  /** How long an answer to who is not known by the token itself may go on, ms. */
  lasts: () => number;
  tokens: Tokens;
  /** What sessions are signed with. */
  secret: string;
  /** Paths for those who are not known yet; no page of another site may call them either. */
  open: readonly string[];
}

export function guard(parts: GuardParts): RequestHandler {
  return async (req, res, next) => {
    const access = parts.access();
    const headers: Headers = {
      host: req.get('host'),
      origin: req.get('origin'),
      site: req.get('sec-fetch-site'),
      mode: req.get('sec-fetch-mode'),
      dest: req.get('sec-fetch-dest'),
    };
    const isClosed = access.token !== undefined || access.people !== undefined;
    if (!isClosed) checkHost(headers.host, access.loopback, access.host);
    else if (parts.open.includes(req.path)) await noteWho(req, access, parts);
    else if (!(await checkCaller(req, access, parts))) cutAfter(res, parts.lasts());
    checkSite(req.method, headers);
    if (!SAFE.has(req.method)) checkContentType(req.get('content-type'));
    next();
  };
}

interface Headers {
  host: string | undefined;
  origin: string | undefined;
  site: string | undefined;
  mode: string | undefined;
  dest: string | undefined;
}

/** Whether a browser is signed in with the token. Who sends an Authorization field wants to be known by it. */
function hasSession(req: Request, { token }: Access, secret: string): boolean {
  if (token === undefined || req.get('authorization') !== undefined) return false;
  return sessionEnd(req, { token, secret, now: Date.now() }) !== undefined;
}

/** For the paths that are open to all. */
async function noteWho(req: Request, access: Access, { secret }: GuardParts): Promise<void> {
  if (hasSession(req, access, secret)) return noteCaller(req, { may: 'act' });
  if (access.people === undefined) return;
  const person = await personOf(req, access.people, callerOf(req).address);
  if (!('trouble' in person)) noteCaller(req, person);
}

/** A session, somebody who is known, or the token. @returns whether it is the token itself. */
async function checkCaller(req: Request, access: Access, { secret, tokens }: GuardParts): Promise<boolean> {
  const { people, token } = access;
  const reads = SAFE.has(req.method);
  if (hasSession(req, access, secret)) {
    checkOrigin(req, reads);
    noteCaller(req, { may: 'act' });
    return false;
  }
  const { address } = callerOf(req);
  const person = people && (await personOf(req, people, address));
  if (person !== undefined && !('trouble' in person)) {
    noteCaller(req, person);
    checkMay(person, reads);
    if (person.by === 'proxy') checkName(req.get('host'), people?.hosts ?? []);
    if (person.by !== 'bearer') checkOrigin(req, reads);
    return false;
  }
  const trouble = person?.trouble;
  const authorization = req.get('authorization');
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  if (token !== undefined && given !== undefined) {
    tokens.check(given, token, address);
    noteCaller(req, { may: 'act' });
    return true;
  }
  if (trouble !== undefined && trouble.status !== 401 && token === undefined) throw trouble;
  const told = authorization === undefined ? 'Nobody has signed in' : 'The token is not the right one';
  throw new ReveilleError('UNAUTHORIZED', trouble?.message ?? told, { cause: trouble });
}

/** Sessions end and people leave: an answer without an end would go on to tell them. */
function cutAfter(res: Response, ms: number): void {
  const timer = setTimeout(() => res.destroy(), Math.min(ms, LONGEST_TIMER_MS));
  res.once('close', () => clearTimeout(timer));
}

/**
 * Browsers send cookies by themselves, and Origin with whatever changes something: without it nobody knows which page
 * asks.
 */
function checkOrigin(req: Request, reads: boolean): void {
  if (!reads && req.get('origin') === undefined) throw new ReveilleError('CROSS_SITE');
}

/**
 * Where everybody may, the name that was called is the proof that no page of elsewhere talks to us under a name of
 * its own that it pointed at 127.0.0.1 (DNS rebinding).
 */
function checkHost(header: string | undefined, loopback: boolean, configured: string): void {
  if (!loopback) throw new ReveilleError('UNAUTHORIZED');
  const name = hostName(header);
  if (name === undefined || !(isLoopback(name) || name === configured)) {
    throw new ReveilleError('CROSS_SITE', 'The Host header names another site than this machine');
  }
}

/**
 * Whoever can send from where fields of a proxy are believed is anybody, and a browser there sends for any page that
 * had its own name pointed at us. Addresses cannot be pointed anywhere.
 */
function checkName(header: string | undefined, hosts: readonly string[]): void {
  const name = hostName(header);
  if (name !== undefined && (isIP(name) !== 0 || isLoopback(name) || hosts.includes(name))) return;
  throw new ReveilleError('CROSS_SITE', 'The Host header names what is not in control.access.hosts');
}

function hostName(header: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d+)?$/i.exec(header ?? '');
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

/**
 * Fetch Metadata and Origin: browsers send them, pages cannot forge them, and curl sends none. A link from
 * elsewhere may open a page (a navigation, which the page that links cannot read), nothing more.
 */
function checkSite(method: string, { host, origin, site, mode, dest }: Headers): void {
  const opensPage = SAFE.has(method) && mode === 'navigate' && dest === 'document';
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  const foreignOrigin = origin !== undefined && originHost(origin) !== host?.toLowerCase();
  if ((foreignSite || foreignOrigin) && !opensPage) throw new ReveilleError('CROSS_SITE');
}

function originHost(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/.exec(origin.toLowerCase())?.[1];
}

/** The second lock against forms of other sites: they can send no JSON, and what they send names its type. */
function checkContentType(type: string | undefined): void {
  if (type !== undefined && !/^application\/json *(;|$)/i.test(type)) {
    throw new ReveilleError(
      'USAGE',
      `Content-Type must be application/json, or absent with no body; it is ${type}`,
    );
  }
}
