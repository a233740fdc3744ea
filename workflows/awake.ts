import type { Plan } from '../activities/contract.js';
import { cancellableStep, checkHealth } from './boot.js';
import { connectNext } from './connections.js';
import { abandons } from './host-gone.js';
import { IdleWatch } from './idle-watch.js';
import type { Life } from './life.js';
import type { Failure } from './messages.js';
import { needsSuccessor, onHost, onProvider, STEADY_MS, target, until } from './steps.js';

/** Instances lost in a row that are replaced at once; more of them are a failure with backoff. */
const MAX_LOSSES = 3;
/** Reports about an instance that runs all the same are looked after ever less often. */
const FIRST_RECHECK_PAUSE_MS = 250;
const MAX_RECHECK_PAUSE_MS = 10_000;

export type AwakeOutcome = 'idle' | 'stop' | 'lost' | 'successor' | { failure: Failure };

/** From ready on, until there is a reason to leave. The decision to stop falls in one workflow task. */
export async function awake(life: Life, plan: Plan): Promise<AwakeOutcome> {
  const watch = new IdleWatch(life, plan);
  for (;;) {
    if (life.stopRequest) return 'stop';
    else if (life.unreachable) {
      const outcome = await recheck(life, plan);
      if (outcome !== 'ready') return outcome;
    } else if (needsSuccessor()) return 'successor';
    else if (life.connections.anyWaiting) await connectNext(life, plan);
    else if (await watch.look()) return 'idle';
  }
}

/** The generation serves from now on: everyone who asked is answered. */
export function becomeReady(life: Life): void {
  life.enter('ready');
  life.readyAt = Date.now();
  life.lastActivity = Math.max(life.lastActivity, life.readyAt);
  life.wakeOutstanding = false;
  life.answer(() => life.grant());
}

/** Somebody could not reach the instance. */
async function recheck(life: Life, plan: Plan): Promise<'ready' | 'stop' | 'lost' | { failure: Failure }> {
  if (Date.now() - life.readyAt >= STEADY_MS) life.forgetFailures();
  life.enter('checking');
  await pauseBetweenRechecks(life);
  let gone = false;
  const outcome = await cancellableStep(
    life,
    async () => {
      gone = !(await inspect(life, plan));
      if (!gone && plan.hasHealth) await checkHealth(life, plan);
    },
    'HEALTH_TIMEOUT',
  );
  life.unreachable = undefined;
  if (outcome === 'stop') return 'stop';
  if (gone || (outcome !== 'done' && outcome.failure.code === 'INSTANCE_DIED')) return lost(life);
  if (outcome !== 'done' && abandons(life, plan, outcome.failure)) return lost(life);
  if (outcome !== 'done') return outcome;
  life.enter('ready');
  life.wakeOutstanding = false;
  life.answer(() => life.grant());
  return 'ready';
}

function lost(life: Life): 'lost' | { failure: Failure } {
  life.noteGone();
  life.losses += 1;
  if (life.losses <= MAX_LOSSES) return 'lost';
  const message = `The instance ended ${life.losses} times in a row soon after it was ready`;
  return { failure: { code: 'INSTANCE_DIED', message } };
}

/** Under traffic, an instance that runs, passes its checks and yet takes no connection would fill the history. */
async function pauseBetweenRechecks(life: Life): Promise<void> {
  const pause = Math.min(FIRST_RECHECK_PAUSE_MS * 2 ** (life.rechecks - 1), MAX_RECHECK_PAUSE_MS);
  if (life.rechecks > 0) await until(() => life.stopRequest !== undefined, pause, 'looked after just now');
  life.rechecks += 1;
}

async function inspect(life: Life, plan: Plan): Promise<boolean> {
  const { instance } = life;
  if (!instance) return false;
  const summary = 'is it still there?';
  const { inspect } = onProvider(plan, { queue: 'stop', host: 'looked for', summary });
  const found = await onHost(plan, plan.stopQueue, () => inspect({ ...target(life, plan), instance }));
  return found.state === 'running';
}
