import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, lockHolder, processIdentity, tryLock } from '#scripts/setup/lock.mjs';
import { ReveilleError } from '../../errors/index.js';

const LOOK_AGAIN_MS = 50;
/** Longer than the parts need to end by themselves once their `up` is gone. */
const LEFTOVER_PATIENCE_MS = 20_000;

const lockFile = (state: string) => join(state, 'run', 'up.lock');
const childrenFile = (state: string) => join(state, 'run', 'up-children.json');

/** The pid of the `reveille up` that runs on this state folder. */
export function runningUp(state: string): number | undefined {
  return lockHolder(lockFile(state));
}

/** That this process is the `up` of a state folder, and which children it has: for the next one to know. */
export class StateClaim {
  private readonly children = new Map<string, string>();

  private constructor(
    private readonly state: string,
    private readonly unlock: () => void,
  ) {}

  /** @throws ReveilleError ALREADY_RUNNING */
  static take(state: string): StateClaim {
    const lock = tryLock(lockFile(state));
    if ('holder' in lock) {
      throw new ReveilleError(
        'ALREADY_RUNNING',
        `another \`reveille up\` (process ${lock.holder}) runs on ${state}`,
      );
    }
    return new StateClaim(state, lock.release);
  }

  /**
   * Waits until the children of an `up` that was killed have ended, which they do by themselves; in the end
   * kills them.
   */
  async clearLeftovers(say: (line: string) => void, signal: AbortSignal): Promise<void> {
    const left = readChildren(this.state).filter(({ identity }) => isAlive(identity));
    if (left.length === 0) return;
    say(
      `waiting for what an earlier \`reveille up\` left to end: ${left.map(({ name }) => name).join(', ')}`,
    );
    const deadlineMs = performance.now() + LEFTOVER_PATIENCE_MS;
    while (left.some(({ identity }) => isAlive(identity))) {
      if (performance.now() > deadlineMs) {
        for (const { identity } of left.filter((child) => isAlive(child.identity))) killGroup(identity);
      }
      await delay(LOOK_AGAIN_MS, undefined, { signal });
    }
  }

  record(name: string, pid: number | undefined): void {
    if (pid === undefined) this.children.delete(name);
    else this.children.set(name, processIdentity(pid));
    const file = childrenFile(this.state);
    const list = [...this.children].map(([child, identity]) => ({ name: child, identity }));
    writeFileSync(`${file}.tmp`, JSON.stringify(list));
    renameSync(`${file}.tmp`, file);
  }

  release(): void {
    rmSync(childrenFile(this.state), { force: true });
    this.unlock();
  }
}

interface RecordedChild {
  name: string;
  identity: string;
}

function readChildren(state: string): RecordedChild[] {
  mkdirSync(join(state, 'run'), { recursive: true });
  try {
    return JSON.parse(readFileSync(childrenFile(state), 'utf8')) as RecordedChild[];
  } catch {
    return [];
  }
}

function killGroup(identity: string): void {
  try {
    process.kill(-Number(identity.split(' ')[0]), 'SIGKILL');
  } catch {
    // Ended in this moment.
  }
}
