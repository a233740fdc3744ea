/** Who may talk to the control address. What is not allowed here is refused. */
import type { Request, RequestHandler } from 'express';
import { isLoopback } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import { isToken, sessionEnd } from './session.js';
import type { Access } from './settings.js';

const SAFE = new Set(['GET', 'HEAD']);

/**
 * @param access asked for each request: a reload changes the token.
 * @param secret what sessions are signed with.
 * @param open paths that need no token, but no page of another site may call either.
 */
export function guard(access: () => Access, secret: string, open: readonly string[] = []): RequestHandler {
  return (req, _res, next) => {
    const { token, loopback, host } = access();
    const headers: Headers = {
      host: req.get('host'),
      origin: req.get('origin'),
      site: req.get('sec-fetch-site'),
      mode: req.get('sec-fetch-mode'),
      dest: req.get('sec-fetch-dest'),
    };
    if (token === undefined) checkHost(headers.host, loopback, host);
    else if (!open.includes(req.path)) checkCaller(req, token, secret);
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

function holds(cookie: string | undefined, token: string, secret: string): boolean {
  return sessionEnd(cookie, { token, secret, now: Date.now() }) !== undefined;
}

/** A token, or a session that was signed in to with it. */
function checkCaller(req: Request, token: string, secret: string): void {
  const authorization = req.get('authorization');
  if (authorization === undefined && holds(req.get('cookie'), token, secret)) {
    // Browsers send cookies by themselves, and Origin with whatever changes something: without it nobody knows
    // which page asks.
    if (!SAFE.has(req.method) && req.get('origin') === undefined) throw new ReveilleError('CROSS_SITE');
    return;
  }
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '';
  if (isToken(given, token)) return;
  throw new ReveilleError(
    'UNAUTHORIZED',
    authorization === undefined ? 'No token was sent' : 'The token is not the right one',
  );
}

/**
 * Without a token the name that was called is the proof that no page of elsewhere talks to us under a name of
 * its own that it pointed at 127.0.0.1 (DNS rebinding).
 */
function checkHost(header: string | undefined, loopback: boolean, configured: string): void {
  if (!loopback) throw new ReveilleError('UNAUTHORIZED');
  const name = hostName(header);
  if (name === undefined || !(isLoopback(name) || name === configured)) {
    throw new ReveilleError('CROSS_SITE', 'The Host header names another site than this machine');
  }
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
