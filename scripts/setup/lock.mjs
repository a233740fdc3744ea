import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Interrupted } from './error.mjs';
import { say } from './progress.mjs';

const LOOK_AGAIN_MS = 200;

/**
 * Takes the lock file, or says who has it. Its holder's death frees it: the file names the process and when
 * it started, so a pid that was handed out again is not mistaken for the holder.
 * @param {string} file
 * @returns {{release: () => void} | {holder: number}} holder: its pid
 */
export function tryLock(file) {
  mkdirSync(dirname(file), { recursive: true });
  const own = `${file}.${process.pid}`;
  const me = processIdentity(process.pid);
  writeFileSync(own, me);
  try {
    while (!take(own, file)) {
      const holder = read(file);
      if (holder === undefined) continue;
      if (isAlive(holder)) return { holder: Number(holder.split(' ')[0]) };
      clear(file, holder, `${own}.stale`);
    }
  } finally {
    rmSync(own, { force: true });
  }
  return {
    release: () => {
      if (read(file) === me) rmSync(file, { force: true });
    },
  };
}

/** Who has the lock file. @returns {number | undefined} the pid, where that process lives */
export function lockHolder(file) {
  const holder = read(file);
  return holder !== undefined && isAlive(holder) ? Number(holder.split(' ')[0]) : undefined;
}

/**
 * Runs `work` while no other process holds the lock file: waits for it, and says so.
 * @template T
 * @param {string} file
 * @param {{signal?: AbortSignal | undefined, what: string}} options what: for the line that says what is waited for
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, { signal, what }, work) {
  let lock = tryLock(file);
  if ('holder' in lock) say(`reveille: another process (${lock.holder}) is at ${what}; waiting for it …`);
  while ('holder' in lock) {
    await delay(LOOK_AGAIN_MS, undefined, { signal }).catch(() => {
      throw new Interrupted();
    });
    lock = tryLock(file);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** A hard link is made whole or not at all: nobody reads a lock file that is half written. */
function take(own, file) {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a dead holder's file away; gives it back where another process was faster and it is a new one. */
function clear(file, dead, aside) {
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (read(aside) !== dead) take(aside, file);
  rmSync(aside, { force: true });
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** @param {string} holder as `processIdentity` wrote it */
export function isAlive(holder) {
  const pid = Number(holder.split(' ')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
  return processIdentity(pid) === holder;
}

/** Pid and, where /proc tells, the start time in clock ticks (field 22 of proc(5) stat). */
export function processIdentity(pid) {
  const stat = read(`/proc/${pid}/stat`);
  const start = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return `${pid} ${start ?? '-'}`;
}
