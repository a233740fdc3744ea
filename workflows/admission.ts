import { getExternalWorkflowHandle } from '@temporalio/workflow';
import type { Plan } from '../activities/contract.js';
import { pauseExistence } from './existence.js';
import type { Life } from './life.js';
import { quotaId, quotaSignals } from './messages.js';
import { anywhere, until } from './steps.js';

/** Without an answer, a place is asked for again: the quota's execution may have been ended by hand. */
const FIRST_AGAIN_MS = 10_000;
const MAX_AGAIN_MS = 300_000;

/** Waits for a place among those that the provider has, where it has a quota. */
export async function admission(life: Life, plan: Plan): Promise<void> {
  const { quota } = plan;
  if (!quota) return;
  for (let pause = FIRST_AGAIN_MS; !isAdmitted(life); pause = Math.min(2 * pause, MAX_AGAIN_MS)) {
    await enter(life, plan, false);
    await until(() => isAdmitted(life), pause, `a place among those of ${plan.provider}`);
    if (!isAdmitted(life)) pauseExistence(life);
  }
}

const isAdmitted = (life: Life): boolean => life.place.ticket === life.generation;

/** What was taken over while it ran has a place, whether there is one or not. */
export async function noteRunning(life: Life, plan: Plan): Promise<void> {
  if (plan.quota) await enter(life, plan, true);
}

async function enter(life: Life, { provider, quota = {} }: Plan, runs: boolean): Promise<void> {
  await anywhere('ask for a place').enterQuota({
    provider,
    args: { resource: life.name, ticket: life.generation, by: life.wokenFor ?? '', limits: quota, runs },
  });
}

/** The boot is over, and another one may begin. */
export const giveBootBack = (life: Life, plan: Plan): Promise<void> => say(life, plan, quotaSignals.booted);

/** Nothing of it runs any more. */
export const giveBack = (life: Life, plan: Plan): Promise<void> => say(life, plan, quotaSignals.leave);

async function say(life: Life, { provider, quota }: Plan, signal: string): Promise<void> {
  life.place = {};
  if (!quota) return;
  try {
    await getExternalWorkflowHandle(quotaId(provider)).signal(signal, {
      resource: life.name,
      ticket: life.generation,
    });
  } catch {
    // Nobody counts: then nothing is to be given back.
  }
}
