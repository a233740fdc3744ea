/** Processor time as Linux accounts for it (proc(5)): user and system, of all threads. */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ: fixed at 100 on every architecture that Node runs on. */
const TICK_US = 10_000;

interface Stat {
  parent: number;
  cpuUs: number;
}

function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), cpuUs: (Number(fields[11]) + Number(fields[12])) * TICK_US };
  } catch {
    return undefined;
  }
}

/** Processor time (µs) that a process and all its descendants have used so far. */
export function cpuOfTree(root: number): number {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? statOf(pid) : undefined;
    if (stat !== undefined) stats.set(pid, stat);
  }
  const belongs = (pid: number): boolean => pid === root || belongsToParent(pid);
  const belongsToParent = (pid: number): boolean => {
    const parent = stats.get(pid)?.parent ?? 0;
    return parent > 1 && belongs(parent);
  };
  let total = 0;
  for (const [pid, { cpuUs }] of stats) if (belongs(pid)) total += cpuUs;
  return total;
}
