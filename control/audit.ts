/** Who did what through the control address: one line in the log for each call that changes something. */
import type { Request, RequestHandler } from 'express';
import type { Logger } from '../config/index.js';
import { callerOf } from './caller.js';
import { CLIENT_HEADER, type ClientName } from './contract.js';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What the caller says that it is; `api` where it says nothing that we know. */
export function clientOf(req: Request): ClientName {
  const said = req.get(CLIENT_HEADER);
  return said === 'cli' || said === 'dashboard' ? said : 'api';
}

/** Written when the answer is there, with its status: also what was refused. */
export function audit(log: Logger): RequestHandler {
  return (req, res, next) => {
    if (SAFE.has(req.method)) return next();
    const { method, path } = req;
    res.once('close', () => {
      const { address, user } = callerOf(req);
      const by = { by: clientOf(req), from: address, ...(user === undefined ? {} : { user }) };
      const line = { audit: true, method, path: path.slice(0, 200), ...by, status: res.statusCode };
      log.info(line, `${method} ${line.path} by ${user ?? by.by}`);
    });
    next();
  };
}
