import { readdirSync, readFileSync } from 'node:fs';

/** Set in the environment of all that a house starts, and inherited by what its worker starts. */
export const HOUSE_VARIABLE = 'TEST_HOUSE';

/** Pids of every process that carries the mark and lives. */
export function marked(mark: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && carries(entry, mark))
    .map(Number);
}

/** Kills, by pid, what a failed test left running. */
export function sweep(mark: string): void {
  for (const pid of marked(mark)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

const carries = (pid: string, mark: string): boolean =>
  environmentOf(pid).includes(`${HOUSE_VARIABLE}=${mark}`);

/** What a process was started with, as NAME=VALUE. Of one that has ended, a zombie too, there is none. */
export function environmentOf(pid: string | number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
