import { ActivityFailure, CancellationScope, isCancellation } from '@temporalio/workflow';
import type { Plan } from '../activities/contract.js';
import { admission } from './admission.js';
import { removal, stopInstance } from './ending.js';
import { beginExistence, endExistence } from './existence.js';
import { abandons } from './host-gone.js';
import { ImageFailed, imaging } from './imaging.js';
import type { Life } from './life.js';
import type { Failure } from './messages.js';
import { onHost, onProvider, target, toFailure } from './steps.js';

/** Beyond the time of the step itself: for a worker lost on the way. */
const SLACK_MS = 60_000;

/** `moved`: its host is gone, and it may boot on another. */
export type BootOutcome = 'ready' | 'stop' | 'failed' | 'moved';

/** Hosts lost in a row that are left at once; more of them are a failure with backoff. */
const MAX_MOVES = 3;

/** One generation, from nothing to healthy. What it began and did not finish is removed again. */
export async function boot(life: Life, plan: Plan): Promise<BootOutcome> {
  endExistence(life);
  life.nextGeneration();
  life.boots += 1;
  life.enter('booting');
  const outcome = await cancellableStep(life, () => bootSteps(life, plan), 'BOOT_FAILED');
  if (outcome === 'done') return 'ready';
  if (outcome !== 'stop' && catchesUp(life, outcome.failure)) return await boot(life, plan);
  if (outcome !== 'stop' && abandons(life, plan, outcome.failure) && life.losses++ < MAX_MOVES)
    return 'moved';
  // Everyone who waits is told before the cleaning up, which may take as long as the instance's grace.
  if (outcome !== 'stop') life.fail(outcome.failure);
  if (outcome !== 'stop' && outcome.failure.code === 'INSTANCE_DIED') life.noteGone();
  await stopInstance(life, plan, () => removal(life), true);
  return outcome === 'stop' || life.stopRequest ? 'stop' : 'failed';
}

/**
 * The clock was set back since a generation that this execution knows nothing of. It is the only one that is open, so
 * nobody else boots that one: the next goes beyond it. @returns whether there is such a generation.
 */
function catchesUp(life: Life, { younger }: Failure): boolean {
  if (younger === undefined || younger <= life.generation) return false;
  life.generation = younger;
  life.boots -= 1;
  return true;
}

async function bootSteps(life: Life, plan: Plan): Promise<void> {
  const { times } = plan;
  await imaging(life, plan);
  await admission(life, plan);
  beginExistence(life);
  const began = Date.now();
  const starter = onProvider(plan, {
    queue: 'boot',
    timeoutMs: times.bootTimeout,
    host: 'looked for',
    summary: `boot generation ${life.generation}`,
  });
  const started = await onHost(plan, plan.bootQueue, () =>
    starter.boot({ ...target(life, plan), ...(life.client === undefined ? {} : { client: life.client }) }),
  );
  life.instance = started.instance;
  if (started.adopted) life.adoptedAt = Date.now();
  const { healthAfter = 0 } = started;
  life.steps.push({ step: 'boot', took: Date.now() - began - healthAfter });
  if (!plan.hasHealth) return;
  if (started.healthAfter !== undefined) {
    life.steps.push({ step: 'health', took: healthAfter });
    return;
  }
  life.enter('checking');
  await checkHealth(life, plan);
}

/** Waits until the instance is healthy, and notes how long that took. */
export async function checkHealth(life: Life, plan: Plan): Promise<void> {
  const { instance } = life;
  if (!instance) return;
  const began = Date.now();
  const checker = onProvider(plan, {
    queue: 'boot',
    timeoutMs: plan.times.healthTimeout + SLACK_MS,
    host: 'looked for',
    summary: 'wait until healthy',
  });
  await onHost(plan, plan.bootQueue, () => checker.waitHealthy({ ...target(life, plan), instance }));
  life.steps.push({ step: 'health', took: Date.now() - began });
}

/** Runs a step that `stop` may cut short. */
export async function cancellableStep(
  life: Life,
  run: () => Promise<void>,
  timeoutCode: 'BOOT_FAILED' | 'HEALTH_TIMEOUT',
): Promise<'done' | 'stop' | { failure: Failure }> {
  if (life.stopRequest) return 'stop';
  const scope = new CancellationScope();
  life.cancelStep = () => scope.cancel();
  try {
    await scope.run(run);
  } catch (error) {
    if (life.stopRequest) return 'stop';
    if (!(error instanceof ActivityFailure) && isCancellation(error)) throw error;
    return { failure: error instanceof ImageFailed ? error.failure : toFailure(error, timeoutCode) };
  } finally {
    life.cancelStep = undefined;
  }
  return life.stopRequest ? 'stop' : 'done';
}
