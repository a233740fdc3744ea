/** The bare engine that a storm is measured against: the same activities, and nothing of Reveille around them. */
import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { LifecycleActivities, Plan } from '../../activities/contract.js';

const { describe } = proxyLocalActivities<LifecycleActivities>({ startToCloseTimeout: 10_000 });

const on = (taskQueue: string) =>
  proxyActivities<LifecycleActivities>({ taskQueue, startToCloseTimeout: 120_000, heartbeatTimeout: 5000 });

const targetOf = ({ name, revision }: Plan, generation: number) => ({ name, revision, generation });

/** @returns the generation that it booted. */
export async function bareWake(name: string): Promise<number> {
  const plan = await describe({ name });
  const generation = Date.now();
  await on(plan.bootQueue).boot(targetOf(plan, generation));
  return generation;
}

export async function bareStop(name: string, generation: number): Promise<void> {
  const plan = await describe({ name });
  await on(plan.stopQueue).stop({ ...targetOf(plan, generation), then: 'stop', force: true });
}
