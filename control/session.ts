/**
 * Signing in with the token, for browsers. The session is a cookie that says until when it holds and proves it by
 * HMAC: nothing is stored here, a restart ends none, and another token ends them all.
 */
import { createHash, randomBytes } from 'node:crypto';
import express, { type Request, type Response, Router } from 'express';
import { cookieOf } from '../access/credentials.js';
import type { Config } from '../config/index.js';
import { SESSION_COOKIE, sign, verify } from '../config/index.js';
import { callerOf } from './caller.js';
import { SESSION_PATH, type SessionResult } from './contract.js';
import { queries, read, sessionBody } from './inputs.js';
import type { Access } from './settings.js';
import type { Tokens } from './tokens.js';

const VALUE = /^(\d{1,16})\.([0-9a-f]{32})\.([0-9a-f]{64})$/;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const signedText = (until: string, id: string, token: string): string =>
  `session\n${until}\n${id}\n${digest(token).toString('hex')}`;

/** Until when the session of a browser holds, in ms since 1970; undefined where there is none. */
export function sessionEnd(
  req: Request,
  { token, secret, now }: { token: string; secret: string; now: number },
): number | undefined {
  const [, until, id, proof] = VALUE.exec(cookieOf(req, SESSION_COOKIE) ?? '') ?? [];
  if (until === undefined || id === undefined || proof === undefined) return undefined;
  const holds = Number(until) > now && verify(secret, signedText(until, id, token), proof);
  return holds ? Number(until) : undefined;
}

/** Sign-in, which the guard lets through without a token, and sign-out. */
export function sessionApi(parts: {
  access: () => Access;
  config: () => Config;
  tokens: Tokens;
  secret: string;
}): Router {
  const router = Router({ caseSensitive: true });
  router.use(SESSION_PATH, express.json({ limit: '16kb' }));
  router.get(SESSION_PATH, (req, res) => {
    read(queries.none, req.query, 'query');
    const { token } = parts.access();
    const now = Date.now();
    const until = token === undefined ? undefined : sessionEnd(req, { token, secret: parts.secret, now });
    const { user, may } = callerOf(req);
    const result: SessionResult = {
      byToken: token !== undefined,
      ...(until === undefined ? {} : { until }),
      ...(user === undefined ? {} : { user }),
      ...(isOpen(parts.access()) ? { may: 'act' } : may === undefined ? {} : { may }),
    };
    res.json(result);
  });
  router.post(SESSION_PATH, (req, res) => {
    read(queries.none, req.query, 'query');
    const { token: given } = read(sessionBody, req.body, 'body');
    const { token } = parts.access();
    if (token !== undefined) parts.tokens.check(given, token, callerOf(req).address);
    const lasts = parts.config().control.session;
    const until = Date.now() + lasts;
    const id = randomBytes(16).toString('hex');
    if (token !== undefined) {
      const proof = sign(parts.secret, signedText(`${until}`, id, token));
      setCookie(req, res, `${until}.${id}.${proof}`, Math.floor(lasts / 1000));
    }
    res.json((token === undefined ? { byToken: false } : { byToken: true, until }) satisfies SessionResult);
  });
  router.delete(SESSION_PATH, (req, res) => {
    read(queries.none, req.query, 'query');
    setCookie(req, res, '', 0);
    res.json({ byToken: parts.access().token !== undefined } satisfies SessionResult);
  });
  return router;
}

const isOpen = ({ token, people }: Access): boolean => token === undefined && people === undefined;

/** `Secure` where the browser says that it came by https: a front that ends TLS speaks http to us. */
function setCookie(req: Request, res: Response, value: string, seconds: number): void {
  const secure = req.get('origin')?.startsWith('https://') ? '; Secure' : '';
  res.append(
    'set-cookie',
    `${SESSION_COOKIE}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`,
  );
}
