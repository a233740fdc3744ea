/** Errors as problem+json (RFC 9457). */
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { Logger } from '../config/index.js';
import { isReveilleError, ReveilleError } from '../errors/index.js';
import { methodsOf } from './openapi/operations.js';

/** What express and its body parser throw. */
interface HttpError {
  status: number;
  message: string;
}

/** What a path knows: express itself would tell of every route that looks like it. */
export const allowed: RequestHandler = (req, res, next) => {
  const methods = req.method === 'OPTIONS' ? methodsOf(req.path) : undefined;
  if (methods === undefined) next();
  else res.set('allow', methods.join(', ')).status(204).end();
};

/** No such path, or not by this method (RFC 9110 15.5.6). */
export const notFound: RequestHandler = (req, res) => {
  const methods = methodsOf(req.path);
  if (methods !== undefined) {
    res.set('allow', methods.join(', '));
    throw new ReveilleError('METHOD_UNKNOWN', `${req.path.slice(0, 200)} knows no ${req.method}`);
  }
  throw new ReveilleError('ROUTE_UNKNOWN', `The control address has no ${req.method} ${req.path}`);
};

export function problemHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    const named = nameOf(error);
    if (named.code === 'INTERNAL')
      log.error({ err: error, method: req.method, path: req.path }, named.message);
    if (res.headersSent) {
      res.destroy();
      return;
    }
    sendProblem(res, named);
  };
}

/** Whoever came so far may read logs, too: the problem has its log's tail. */
function sendProblem(res: Response, error: ReveilleError): void {
  if (error.status === 401) res.set('www-authenticate', 'Bearer realm="reveille"');
  if (error.retryInMs !== undefined) res.set('retry-after', String(Math.ceil(error.retryInMs / 1000)));
  res
    .status(error.status)
    .type('application/problem+json')
    .send(JSON.stringify(error.toProblem(true)));
}

function nameOf(error: unknown): ReveilleError {
  if (isReveilleError(error)) return error;
  if (isHttpError(error) && error.status < 500) {
    return new ReveilleError('USAGE', error.message, { cause: error });
  }
  return new ReveilleError('INTERNAL', 'The control address failed; its log says why', { cause: error });
}

function isHttpError(error: unknown): error is HttpError {
  return error instanceof Error && 'status' in error && typeof error.status === 'number';
}
