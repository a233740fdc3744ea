import { readdirSync, readFileSync } from 'node:fs';

/** Set in the environment of all that a house starts, and inherited by what its worker starts. */
export const HOUSE_VARIABLE = 'TEST_HOUSE';

/** Kills, by pid, every process that carries the mark: what a failed test left running. */
export function sweep(mark: string): void {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || !carries(entry, mark)) continue;
    try {
      process.kill(Number(entry), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

function carries(pid: string, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${HOUSE_VARIABLE}=${mark}`);
  } catch {
    return false;
  }
}
