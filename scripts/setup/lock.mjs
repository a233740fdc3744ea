import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Interrupted } from './error.mjs';
import { say } from './progress.mjs';

const LOOK_AGAIN_MS = 200;

/**
 * Runs `work` while no other process holds the lock file. Its holder's death frees it: the file names the
 * process and when it started, so a pid that was handed out again is not mistaken for the holder.
 * @template T
 * @param {string} file
 * @param {{signal?: AbortSignal | undefined, what: string}} options what: for the line that says what is waited for
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, { signal, what }, work) {
  mkdirSync(dirname(file), { recursive: true });
  const own = `${file}.${process.pid}`;
  const me = identity(process.pid);
  writeFileSync(own, me);
  try {
    let said = false;
    while (!take(own, file)) {
      const holder = read(file);
      if (holder !== undefined && !isAlive(holder)) {
        clear(file, holder, `${own}.stale`);
        continue;
      }
      if (!said)
        say(
          `reveille: another process (${holder?.split(' ')[0] ?? 'unknown'}) is at ${what}; waiting for it …`,
        );
      said = true;
      await delay(LOOK_AGAIN_MS, undefined, { signal }).catch(() => {
        throw new Interrupted();
      });
    }
    try {
      return await work();
    } finally {
      if (read(file) === me) rmSync(file, { force: true });
    }
  } finally {
    rmSync(own, { force: true });
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

/** @param {string} holder as `identity` wrote it */
function isAlive(holder) {
  const pid = Number(holder.split(' ')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
  return identity(pid) === holder;
}

/** Pid and, where /proc tells, the start time in clock ticks (field 22 of proc(5) stat). */
function identity(pid) {
  const stat = read(`/proc/${pid}/stat`);
  const start = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return `${pid} ${start ?? '-'}`;
}
