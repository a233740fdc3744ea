import { readFileSync } from 'node:fs';
import { bootId } from '../boot-id.js';

/**
 * Exactly one process of exactly one run of this host's kernel: pids are used again, a pid with its start time
 * is not. Both survive exec.
 */
export interface Identity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since the kernel started. */
  readonly start: number;
  /** /proc/sys/kernel/random/boot_id. */
  readonly boot: string;
}

export interface ProcessStat {
  readonly pid: number;
  /** One letter, see proc(5): T is stopped, Z a zombie, X dead. */
  readonly state: string;
  readonly group: number;
  readonly start: number;
}

export type LifeState = 'running' | 'suspended' | 'gone';

/** What the kernel says of a process (proc(5)); undefined where there is none. */
export function readStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The command name, in parentheses, may hold anything, so fields are counted from its last parenthesis.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid, state: fields[0] ?? 'X', group: Number(fields[2]), start: Number(fields[19]) };
}

/** A zombie has ended: nobody has asked for its exit code yet, that is all. */
export const isLive = (stat: ProcessStat): boolean => stat.state !== 'Z' && stat.state !== 'X';

/** The process itself, dead or alive, as long as the kernel has not forgotten it. */
export function findProcess(identity: Identity): ProcessStat | undefined {
  if (identity.boot !== bootId()) return undefined;
  const stat = readStat(identity.pid);
  return stat?.start === identity.start ? stat : undefined;
}

/** Whether it has ended and its parent has not been told yet. */
export const isZombie = (identity: Identity): boolean => findProcess(identity)?.state === 'Z';

export function lifeOf(identity: Identity): LifeState {
  const stat = findProcess(identity);
  if (stat === undefined || !isLive(stat)) return 'gone';
  return stat.state === 'T' ? 'suspended' : 'running';
}

/** The identity as an instance's id. */
export const formatIdentity = ({ pid, start, boot }: Identity): string => `${pid}:${start}:${boot}`;

export function parseIdentity(id: string): Identity | undefined {
  const match = /^(\d+):(\d+):([0-9a-f-]+)$/.exec(id);
  if (match === null) return undefined;
  return { pid: Number(match[1]), start: Number(match[2]), boot: match[3] ?? '' };
}
