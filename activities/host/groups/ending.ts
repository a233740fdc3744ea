import { ReveilleError } from '../../../errors/index.js';
import { pause } from '../../pause.js';
import type { ProviderContext } from '../../providers/contract.js';
import { type Group, isGroupAlive, liveMembers, signalGroup } from './group.js';
import { isZombie } from './identity.js';

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 200;
/** From the first SIGKILL until the kernel is taken to be stuck with the process. */
const KILL_MS = 10_000;

export interface EndOptions {
  /** From SIGTERM to SIGKILL. */
  graceMs: number;
  /** SIGKILL at once. */
  force: boolean;
}

/**
 * Ends a whole group: SIGTERM, `graceMs`, SIGKILL. Resolves when no member lives.
 * @throws ReveilleError STOP_FAILED where SIGKILL does not end it.
 */
export async function endGroup(
  group: Group,
  { graceMs, force }: EndOptions,
  context: ProviderContext,
): Promise<void> {
  const killAt = performance.now() + (force ? 0 : graceMs);
  let told = force;
  let waitedForReaping = false;
  for await (const paused of pauses(context, () => killAt - performance.now())) {
    context.heartbeat(paused ? 'waiting for the processes to end' : 'ending the processes');
    if (!waitedForReaping && isZombie(group.leader)) {
      // Most often it was the last: once it is reaped, that is known without a walk through /proc.
      waitedForReaping = true;
      continue;
    }
    if (!isGroupAlive(group)) return;
    const over = performance.now() - killAt;
    if (over > KILL_MS) throw stuck(group);
    if (over >= 0) signalGroup(group, 'SIGKILL');
    else if (!told) {
      // SIGTERM first: a stopped member must not do anything else before it sees it.
      told = signalGroup(group, 'SIGTERM');
      signalGroup(group, 'SIGCONT');
    }
  }
}

/**
 * Stops every member in its tracks.
 * @param stillOurs false once a younger generation has taken the group over: then it is set going again.
 */
export async function suspendGroup(
  group: Group,
  stillOurs: () => boolean,
  context: ProviderContext,
): Promise<void> {
  for await (const _ of pauses(context, () => LONGEST_PAUSE_MS)) {
    context.heartbeat('suspending the processes');
    if (!stillOurs()) return;
    if (!signalGroup(group, 'SIGSTOP')) return;
    if (!stillOurs()) {
      signalGroup(group, 'SIGCONT');
      return;
    }
    if (liveMembers(group).every(({ state }) => state === 'T')) return;
  }
}

/** Turns with a growing pause in between; the first at once. Says whether there was one. */
async function* pauses(context: ProviderContext, leftMs: () => number): AsyncGenerator<boolean> {
  context.signal.throwIfAborted();
  yield false;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const left = leftMs();
    await pause(left > 0 ? Math.min(pauseMs, left) : pauseMs, context.signal);
    yield true;
  }
}

function stuck(group: Group): ReveilleError {
  const states = liveMembers(group).map(({ pid, state }) => `${pid} (state ${state})`);
  return new ReveilleError('STOP_FAILED', `still there after SIGKILL: ${states.join(', ')}`);
}
