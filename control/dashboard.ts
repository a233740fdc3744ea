/** The dashboard's files, and signing in where a token is needed. Nothing in them is secret: the API has the data. */
import { fileURLToPath } from 'node:url';
import express, { type ErrorRequestHandler, type RequestHandler, type Response } from 'express';
import { isReveilleError } from '../errors/index.js';

/** Where pages find the files beside them. */
export const DASHBOARD_PATH = '/dashboard';
const FOLDER = fileURLToPath(new URL('browser/', import.meta.url));
/** Of the pages: our own files, and nothing inline or from elsewhere. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

export const dashboardFiles: RequestHandler = express.static(FOLDER, {
  cacheControl: false,
  etag: false,
  index: false,
  redirect: false,
});

export const dashboardPage: RequestHandler = (_req, res, next) => {
  sendPage(res, 'index.html', next);
};

const SIGN_IN = new Set<unknown>(['UNAUTHORIZED', 'ACCESS_DENIED']);

/** Browsers of those who are unknown, or may not, are told so by a page; whoever else as everywhere. */
export const signInPage: ErrorRequestHandler = (error: unknown, req, res, next) => {
  const isBrowser = req.get('accept')?.includes('text/html') === true;
  if (
    !isReveilleError(error) ||
    !SIGN_IN.has(error.code) ||
    !isBrowser ||
    req.method !== 'GET' ||
    !['/', '/plain'].includes(req.path)
  ) {
    next(error);
    return;
  }
  res.status(error.status);
  if (error.status === 401) res.set('www-authenticate', 'Bearer realm="reveille"');
  sendPage(res, 'sign-in.html', next);
};

function sendPage(res: Response, name: string, next: (error?: unknown) => void): void {
  res.type('html').set('content-security-policy', POLICY);
  res.sendFile(name, { root: FOLDER, cacheControl: false, etag: false, lastModified: false }, (error) => {
    if (error) next(error);
  });
}
