import { readFileSync } from 'node:fs';
import { ReveilleError } from '../../../errors/index.js';
import type { RunClaim } from '../../host/groups/claims.js';
import { isGroupAlive } from '../../host/groups/group.js';
import type { Home } from '../../host/groups/home.js';
import { lifeOf } from '../../host/groups/identity.js';
import { pause } from '../../pause.js';
import type { ProviderContext } from '../contract.js';
import { Memory, UNFINISHED } from './memory.js';
import { Qmp } from './qmp.js';

const PAUSE_MS = 50;
/** A guest that is still starting misses the power button. */
const PRESS_AGAIN_MS = 5000;
/** For QEMU to come up and answer: it only has to set the machine up. */
const ANSWER_MS = 60_000;

const isAlive = ({ identity }: RunClaim): boolean => lifeOf(identity) !== 'gone';
const isTakenOver = ({ claims }: Home, { generation }: RunClaim): boolean =>
  typeof claims.fate(generation) === 'number';

/** Presses the power button until the machine is off; when `graceMs` are over, QEMU is told to end. */
export async function powerOff(claim: RunClaim, graceMs: number, context: ProviderContext): Promise<void> {
  const { identity } = claim;
  const endsAt = performance.now() + graceMs;
  for (let pressAt = 0; isAlive(claim) && performance.now() < endsAt; ) {
    context.heartbeat('waiting for the machine to shut down');
    if (performance.now() >= pressAt) {
      await Qmp.with(identity, press).catch(() => undefined);
      pressAt = performance.now() + PRESS_AGAIN_MS;
    }
    await pause(PAUSE_MS, context.signal);
  }
  if (isAlive(claim)) await Qmp.with(identity, (qmp) => qmp.execute('quit')).catch(() => undefined);
}

async function press(qmp: Qmp): Promise<void> {
  // One that was being suspended could not do anything about it.
  if (!(await qmp.execute('query-status')).running) await goOn(qmp);
  await qmp.execute('system_powerdown');
}

/**
 * Saves the machine's memory in a file and ends it. Cut off anywhere, it is taken up where it stood.
 * @returns false where it cannot be saved: the reason is in the log, and the machine still runs or has ended.
 */
export async function saveMemory(home: Home, claim: RunClaim, context: ProviderContext): Promise<boolean> {
  let isBegun = false;
  while (isAlive(claim) && !isTakenOver(home, claim)) {
    context.heartbeat('saving the memory');
    const problem = await Qmp.with(claim.identity, async (qmp) => {
      const { status, 'error-desc': why } = await qmp.execute('query-migrate');
      if (status === 'completed') return await finishSaving(home, claim, qmp);
      if (status !== undefined && status !== 'failed' && status !== 'cancelled') return undefined;
      if (isBegun) return String(why ?? status);
      await qmp.execute('stop');
      await qmp.execute('migrate', { uri: `exec:cat > ${UNFINISHED}` });
      isBegun = true;
      return undefined;
    }).catch((error: unknown) => (isAlive(claim) ? String(error) : undefined));
    if (problem !== undefined) {
      home.log.note(`the memory could not be saved, so the machine is shut down: ${problem}`);
      return false;
    }
    await pause(PAUSE_MS, context.signal);
  }
  // What QEMU wrote through outlives it for a moment.
  while (!isTakenOver(home, claim) && isGroupAlive(home.group(claim))) await pause(PAUSE_MS, context.signal);
  return !isTakenOver(home, claim) && new Memory(home).settle(claim.generation);
}

async function finishSaving(home: Home, { generation, revision }: RunClaim, qmp: Qmp): Promise<undefined> {
  new Memory(home).note(generation, revision);
  await qmp.execute('quit');
}

/**
 * Sets a machine going that was restored, or whose suspension was begun and not finished.
 * @throws ReveilleError INSTANCE_DIED, BOOT_FAILED where QEMU does not answer.
 */
export async function resumeMachine(home: Home, claim: RunClaim, context: ProviderContext): Promise<void> {
  if (claim.from === undefined && !isRestoring(claim)) return;
  const answersBy = performance.now() + ANSWER_MS;
  for (let last: unknown; ; ) {
    context.heartbeat('restoring the memory');
    if (!isAlive(claim)) {
      const message = 'the machine ended while its memory was restored; the next boot is a cold one';
      throw new ReveilleError('INSTANCE_DIED', message);
    }
    try {
      if (await Qmp.with(claim.identity, (qmp) => isGoing(home, qmp))) return;
    } catch (error) {
      last = error;
    }
    if (performance.now() > answersBy && last !== undefined)
      throw new ReveilleError('BOOT_FAILED', `QEMU cannot be controlled: ${last}`, { cause: last });
    await pause(PAUSE_MS, context.signal);
  }
}

async function isGoing(home: Home, qmp: Qmp): Promise<boolean> {
  const { status, running } = await qmp.execute('query-status');
  if (status === 'inmigrate') return false;
  // First: from here on the disk may change, and the memory no longer fits it.
  new Memory(home).remove();
  if (!running) await goOn(qmp);
  return true;
}

async function goOn(qmp: Qmp): Promise<void> {
  const { status } = await qmp.execute('query-migrate');
  if (status === 'active' || status === 'setup') await qmp.execute('migrate_cancel');
  await qmp.execute('cont');
}

/** Whether the process was started to go on with a saved memory. */
function isRestoring({ identity }: RunClaim): boolean {
  try {
    return readFileSync(`/proc/${identity.pid}/cmdline`, 'utf8').split('\0').includes('-incoming');
  } catch {
    return false;
  }
}
