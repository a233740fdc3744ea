/** Who may talk to the control address. What is not allowed here is refused. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { isLoopback } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import type { Access } from './settings.js';

const SAFE = new Set(['GET', 'HEAD']);

/** @param access asked for each request: a reload changes the token. */
export function guard(access: () => Access): RequestHandler {
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
    else checkToken(req.get('authorization'), token);
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

/** Compares digests: neither the content nor the length of the token shows in the time it takes. */
function checkToken(authorization: string | undefined, token: string): void {
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '';
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(given), digest(token))) {
    const message = authorization === undefined ? 'No token was sent' : 'The token is not the right one';
    throw new ReveilleError('UNAUTHORIZED', message);
  }
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
