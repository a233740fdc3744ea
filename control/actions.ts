/** What the API does to a resource, and how it waits until that is done. */
import type { Request, Response } from 'express';
import type { Params } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import { clientOf } from './audit.js';
import { callerOf } from './caller.js';
import type { Action, ActionResult } from './contract.js';
import { asReveilleError, type Plane } from './plane.js';

/** Who did it, for the reason that stands in the history: `by cli, 127.0.0.1`, `by alice, dashboard, 10.0.0.7`. */
export function cause(req: Request, reason: string | undefined): string {
  const { user, address } = callerOf(req);
  const who = `by ${user === undefined ? '' : `${user}, `}${clientOf(req)}, ${address}`;
  return reason === undefined || reason === '' ? who : `${reason} (${who})`;
}

/** Answers 202: it was asked for, and is done whatever becomes of this process. */
export function accepted(res: Response, name: string, action: Action): void {
  res.status(202).json({ name, action } satisfies ActionResult);
}

export function done(res: Response, name: string, action: Action, phase: 'ready' | 'asleep'): void {
  res.json({ name, action, phase } satisfies ActionResult);
}

/** Aborted when the caller goes away, or is cut off at the end of this process. */
export function gone(res: Response): AbortSignal {
  const controller = new AbortController();
  res.once('close', () => controller.abort());
  return controller.signal;
}

/**
 * Waits for `phase`, as long as the caller does and at most `boundMs`.
 * @throws ReveilleError the boot's failure; HOLD_TIMEOUT or STOP_FAILED at the bound, while it goes on.
 */
export async function until(
  plane: Plane,
  name: string,
  phase: 'ready' | 'asleep',
  { boundMs, gone, params }: { boundMs: number; gone: AbortSignal; params?: Params | undefined },
): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const late = new ReveilleError(
    phase === 'ready' ? 'HOLD_TIMEOUT' : 'STOP_FAILED',
    `${name} is not ${phase} after ${boundMs / 1000} s; it goes on`,
    { retryInMs: 5000 },
  );
  const timer = setTimeout(() => controller.abort(late), boundMs);
  const leave = () => controller.abort(new ReveilleError('INTERNAL', 'The caller went away'));
  gone.addEventListener('abort', leave, { once: true });
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  if (gone.aborted) leave();
  const { resources } = plane;
  try {
    const wait =
      phase === 'ready' ? resources.untilReady(name, signal, params) : resources.untilAsleep(name, signal);
    await Promise.race([wait, aborted]);
  } catch (error) {
    throw asReveilleError(error);
  } finally {
    clearTimeout(timer);
    gone.removeEventListener('abort', leave);
  }
}
