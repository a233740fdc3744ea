import type { HolderAnswer, Plan } from '../activities/contract.js';
import type { Life } from './life.js';
import type { StopMode } from './messages.js';
import { anywhere, onHost, onProvider, target, until } from './steps.js';

/** A proxy that does not answer is asked again this often, until its lease ends. */
const ASK_AGAIN_MS = 2000;

/** After a decision to stop, ordered or idle: nobody forwards, then nothing runs. */
export async function end(life: Life, plan: Plan): Promise<void> {
  if (life.stopRequest && life.stopRequest.force !== true) {
    life.enter('draining');
    await drain(life, plan);
  }
  await stopInstance(life, plan, life.stopRequest?.then ?? plan.then);
}

/**
 * Stops what the current generation started, tried again until it succeeds.
 * An adopted instance is stopped only when no lease that was granted before can live (leases.md 16).
 */
export async function stopInstance(life: Life, plan: Plan, then: StopMode): Promise<void> {
  life.enter('stopping');
  const forced = () => life.stopRequest?.force === true;
  if (life.adoptedAt !== undefined && !forced()) {
    const fence = life.adoptedAt + plan.times.longestLease + 1000;
    await until(forced, fence - Date.now(), 'leases from before the adoption');
  }
  const { stop } = onProvider(plan, 'stop', undefined, `${then} generation ${life.generation}`);
  const request = {
    ...target(life, plan),
    ...(life.instance ? { instance: life.instance } : {}),
    then,
    force: forced(),
  };
  await onHost(plan, plan.stopQueue, true, () => stop(request));
  life.instance = undefined;
}

/** Asks every holder to give the generation up, and waits for what is in flight (leases.md 12). */
async function drain(life: Life, plan: Plan): Promise<void> {
  const deadline = Date.now() + plan.times.drain;
  const forced = () => life.stopRequest?.force === true;
  const revoked = new Set<string>();
  let silent = life.book.holders();
  while (silent.length > 0 && !forced()) {
    const { askHolders } = anywhere('give up your lease');
    const { name, generation } = life;
    const answers = await askHolders({ name, generation, holders: silent, revoke: true });
    for (const { proxy } of answers.filter((answer) => noteRevoked(life, answer))) revoked.add(proxy);
    silent = silent.filter(({ proxy }) => !revoked.has(proxy) && leaseLives(life, proxy));
    const over = () => forced() || silent.every(({ proxy }) => !leaseLives(life, proxy));
    if (silent.length > 0) await until(over, ASK_AGAIN_MS, 'a proxy does not answer');
    silent = silent.filter(({ proxy }) => leaseLives(life, proxy));
  }
  // Who has answered forwards nothing more, whatever its lease says; what it has in flight gets the drain time.
  const inFlight = () => [...revoked].some((proxy) => life.book.knows(proxy));
  await until(() => forced() || !inFlight(), deadline - Date.now(), 'requests in flight');
}

/** @returns whether the holder has answered, and so forwards nothing more. */
function noteRevoked(life: Life, answer: HolderAnswer): boolean {
  if (answer.answer === 'silent') return false;
  if (answer.answer === 'gone' || answer.open === 0) life.book.release(answer.proxy);
  else life.book.setOpen(answer.proxy, answer.open);
  return true;
}

function leaseLives(life: Life, proxy: string): boolean {
  return (life.book.lease(proxy)?.until ?? 0) > Date.now();
}
