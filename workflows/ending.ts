import { patched } from '@temporalio/workflow';
import type { HolderAnswer, Plan } from '../activities/contract.js';
import { endExistence } from './existence.js';
import { stopWherever } from './host-gone.js';
import type { Life } from './life.js';
import type { StopMode } from './messages.js';
import { anywhere, onProvider, target, until } from './steps.js';

/** A proxy that does not answer is asked again this often, until its lease ends. */
const ASK_AGAIN_MS = 2000;

/** After a decision to stop, ordered or idle: nobody forwards, then nothing runs. */
export async function end(life: Life, plan: Plan): Promise<void> {
  if (life.stopRequest && !forced(life)) {
    life.enter('draining');
    await drain(life, plan);
  }
  await stopInstance(life, plan, () => life.stopRequest?.then ?? plan.then);
}

const forced = (life: Life): boolean => life.stopRequest?.force === true;

/** What began and was not finished is removed, whatever is wanted of what runs. */
export const removal = (life: Life): StopMode => (life.stopRequest?.then === 'delete' ? 'delete' : 'stop');

/**
 * Stops what the current generation started, tried again until it succeeds, and once more where another mode was
 * ordered meanwhile.
 * An adopted instance is stopped only when no lease that was granted before can live (leases.md 16).
 * @param unfinished whether its boot was not.
 */
export async function stopInstance(
  life: Life,
  plan: Plan,
  mode: () => StopMode,
  unfinished = false,
): Promise<void> {
  life.enter('stopping');
  if (life.adoptedAt !== undefined && !forced(life)) {
    const fence = life.adoptedAt + plan.times.longestLease + 1000;
    await until(() => forced(life), fence - Date.now(), 'leases from before the adoption');
  }
  let done: StopMode | undefined;
  while (done !== mode()) {
    done = mode();
    const summary = `${done} generation ${life.generation}`;
    const args = { ...target(life, plan), ...(life.instance ? { instance: life.instance } : {}), then: done };
    await stopWherever(life, plan, (host) =>
      onProvider(plan, { queue: 'stop', host, summary }).stop({ ...args, force: forced(life), unfinished }),
    );
  }
  life.instance = undefined;
  endExistence(life);
}

/** Asks every holder to give the generation up, and waits for what is in flight (leases.md 12). */
async function drain(life: Life, plan: Plan): Promise<void> {
  const deadline = Date.now() + plan.times.drain;
  const revoked = new Set<string>();
  let silent = life.book.holders();
  while (silent.length > 0 && !forced(life)) {
    const { askHolders } = anywhere('give up your lease');
    const { name, generation } = life;
    const answers = await askHolders({ name, generation, holders: silent, revoke: true });
    for (const { proxy } of answers.filter((answer) => noteRevoked(life, answer))) revoked.add(proxy);
    silent = silent.filter(({ proxy }) => !revoked.has(proxy) && leaseLeft(life, proxy) > 0);
    const left = Math.max(...silent.map(({ proxy }) => leaseLeft(life, proxy)));
    const released = () => silent.every(({ proxy }) => leaseLeft(life, proxy) <= 0);
    if (silent.length > 0) {
      const over = () => forced(life) || released();
      await until(over, Math.min(left, ASK_AGAIN_MS), 'a proxy does not answer');
    }
    silent = silent.filter(({ proxy }) => leaseLeft(life, proxy) > 0);
  }
  // Who has answered forwards nothing more, whatever its lease says; what it has in flight gets the drain time.
  const inFlight = () => [...revoked].some((proxy) => life.book.knows(proxy));
  if (inFlight()) await until(() => forced(life) || !inFlight(), deadline - Date.now(), 'requests in flight');
}

/**
 * Has every holder give up what has ended by itself: at the address of a machine of a cloud, somebody else's may answer
 * by now. Asked once: who is silent is no worse off than before.
 */
export async function revokeLost(life: Life): Promise<void> {
  const { name, generation } = life;
  const holders = life.book.holders();
  if (holders.length === 0 || !patched('revoke-lost')) return;
  const { askHolders } = anywhere('give up the lease of what is gone');
  const answers = await askHolders({ name, generation, holders, revoke: true });
  for (const answer of answers) noteRevoked(life, answer);
}

/** @returns whether the holder has answered, and so forwards nothing more. */
function noteRevoked(life: Life, answer: HolderAnswer): boolean {
  if (answer.answer === 'silent') return false;
  if (answer.answer === 'gone' || answer.open === 0) life.book.release(answer.proxy);
  else life.book.setOpen(answer.proxy, answer.open);
  return true;
}

/** Milliseconds for which that proxy may still forward; 0 or less where its lease is over or released. */
function leaseLeft(life: Life, proxy: string): number {
  return (life.book.lease(proxy)?.until ?? 0) - Date.now();
}
