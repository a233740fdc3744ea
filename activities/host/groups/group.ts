import { readdirSync, readFileSync } from 'node:fs';
import { findProcess, type Identity, isLive, type ProcessStat, readStat } from './identity.js';

/**
 * A process group that we started: its leader, and the words in its members' environment that tell it from a
 * stranger's group once the leader is gone.
 */
export interface Group {
  readonly leader: Identity;
  readonly name: string;
  /** REVEILLE_GENERATION of its members: the generation that started it, whichever owns it now. */
  readonly label: number;
}

/** Whether anything of the group lives; one that is not provably ours does not. */
export function isGroupAlive(group: Group): boolean {
  const leader = findProcess(group.leader);
  return (leader !== undefined && isLive(leader)) || liveMembers(group).length > 0;
}

/** Members that live, zombies left out; none where the group is not provably ours. */
export function liveMembers(group: Group): ProcessStat[] {
  if (!exists(group.leader.pid)) return [];
  const members = readMembers(group.leader.pid).filter(isLive);
  return isOurs(group, members) ? members : [];
}

/**
 * Sends a signal to every member, after a look at who they are in the same turn of the event loop. Linux lets
 * Node do no better: between the look and the signal microseconds are left in which a pid could be used again.
 * @returns false where nothing of the group is left.
 */
export function signalGroup(group: Group, signal: NodeJS.Signals): boolean {
  if (!isGroupAlive(group)) return false;
  try {
    process.kill(-group.leader.pid, signal);
    return true;
  } catch (error) {
    if (isNoSuchProcess(error)) return false;
    throw error;
  }
}

function isOurs(group: Group, members: readonly ProcessStat[]): boolean {
  // A pid is not used again while a group of that number exists: one proven member proves them all.
  return findProcess(group.leader) !== undefined || members.some(({ pid }) => isLabelled(pid, group));
}

function isLabelled(pid: number, { name, label }: Group): boolean {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return (
      variables.includes(`REVEILLE_RESOURCE=${name}`) && variables.includes(`REVEILLE_GENERATION=${label}`)
    );
  } catch {
    return false;
  }
}

/** Cheap, so that the walk through /proc is made only where there is something to find. */
function exists(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch (error) {
    return !isNoSuchProcess(error);
  }
}

function readMembers(group: number): ProcessStat[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => readStat(Number(entry)) ?? [])
    .filter((stat) => stat.group === group);
}

const isNoSuchProcess = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ESRCH';
