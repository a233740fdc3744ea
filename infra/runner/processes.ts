/** The processes that an operation starts, found again after whoever started them was killed (Linux, proc(5)). */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Everything that an operation starts has this in its environment, with the folder of its resource. */
export const MARK = 'REVEILLE_PULUMI_FOLDER';
const LOOK_MS = 50;

/**
 * Ends what is left of an earlier operation on this resource: the engine and its plugins, whose runner has died. To be
 * called with the resource's lock held: then all that bears the mark and is not of this process is left over.
 */
export async function endLeftovers(folder: string): Promise<void> {
  for (;;) {
    const left = marked(folder);
    if (left.length === 0) return;
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    await delay(LOOK_MS);
  }
}

function marked(folder: string): number[] {
  const entry = `\0${MARK}=${folder}\0`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return !isDead(name) && `\0${readFileSync(`/proc/${name}/environ`, 'latin1')}`.includes(entry);
      } catch {
        // It has ended meanwhile, or is somebody else's.
        return false;
      }
    })
    .map(Number);
}

/** A zombie has ended, and its environment may still be read. */
function isDead(pid: string): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}

/** Field 22 of proc(5)'s stat: with the pid and the kernel's boot id it names one process for ever. */
export function startTime(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return undefined;
  }
}

export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
