import { type Config, stateDir } from '../config/index.js';
import type { Check, Readiness } from './contract.js';
import { askParts } from './parts.js';
import { asReveilleError, call, type Plane } from './plane.js';

const CHECK_MS = 1500;

/** Whether a request that comes now could be answered: every part of its way is there. */
export async function readiness(config: Config, plane: Plane, secret: string): Promise<Readiness> {
  const [temporal, worker, proxy] = await Promise.all([
    checked('answers', () => call(plane, () => plane.ping(), CHECK_MS)),
    workerCheck(plane),
    proxyCheck(config, secret),
  ]);
  return { ready: temporal.ok && worker.ok && proxy.ok, checks: { temporal, worker, proxy } };
}

async function workerCheck(plane: Plane): Promise<Check> {
  let present = false;
  const check = await checked('polls', async () => {
    present = await call(plane, () => plane.workerPresent(), CHECK_MS);
  });
  return check.ok && !present ? { ok: false, detail: 'no worker polls its queue' } : check;
}

async function proxyCheck(config: Config, secret: string): Promise<Check> {
  const { length } = await askParts('proxy', stateDir(config), secret);
  if (length === 0) return { ok: false, detail: 'no proxy of this machine answers' };
  return { ok: true, detail: length === 1 ? 'answers' : `${length} answer` };
}

/** Says the name of what went wrong, no addresses: whoever comes may read it. */
async function checked(detail: string, ask: () => Promise<void>): Promise<Check> {
  try {
    await ask();
    return { ok: true, detail };
  } catch (error) {
    return { ok: false, detail: asReveilleError(error).code };
  }
}
