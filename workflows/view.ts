import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import type { Plan } from '../activities/contract.js';
import { imageProgress } from './imaging.js';
import type { Life } from './life.js';
import {
  type Instance,
  type LifecycleSummary,
  type ReadyState,
  type StatusState,
  searchAttributes,
  TOLD,
} from './messages.js';

/** What others see of a life: the queries, the Temporal UI. Nothing here changes anything. */

export function readyState(life: Life): ReadyState {
  return {
    phase: life.phase,
    ready: life.serving,
    generation: life.generation,
    ...(life.instance ? told(life.instance) : {}),
    answers: life.book.state.answers,
    ...(life.connections.isUsed ? { connections: life.connections.state.answers } : {}),
    progress: { since: life.since, steps: life.steps, ...ahead(life) },
    ...(life.failure ? { failure: life.failure } : {}),
  };
}

const told = ({ endpoint, id, host }: Instance) => ({
  endpoint,
  instance: id,
  ...(host === undefined ? {} : { host }),
});

/** Tells whoever follows the history what `ready` answers now. */
export function tell(life: Life): void {
  if (life.input.tells) upsertMemo({ [TOLD]: readyState(life) });
}

export function statusState(life: Life): StatusState {
  const { plan } = life;
  const deadline = idleDeadline(life);
  return {
    name: life.name,
    ...(life.input.params === undefined ? {} : { params: life.input.params }),
    provider: plan?.provider ?? '',
    phase: life.phase,
    since: life.since,
    generation: life.generation,
    ...(life.instance ? { instance: life.instance } : {}),
    revision: plan?.revision ?? '',
    steps: life.steps,
    ...(life.wokenBy === undefined ? {} : { wokenBy: life.wokenBy }),
    wokenAt: life.wokenAt,
    leases: life.book.list(),
    open: life.book.open,
    pinned: life.pin,
    lastActivity: life.lastActivity,
    ...(deadline === undefined ? {} : { idleDeadline: deadline }),
    keptAwakeBy: keptAwakeBy(life),
    ...ahead(life),
    attempts: life.attempts,
    ...(life.retryAt === undefined ? {} : { retryAt: life.retryAt }),
    ...(life.failure ? { failure: life.failure } : {}),
    boots: life.boots,
  };
}

const ahead = ({ place, images }: Life) => {
  const image = imageProgress(images);
  return {
    ...(place.ahead === undefined ? {} : { ahead: place.ahead }),
    ...(image === undefined ? {} : { image }),
  };
};

function idleDeadline(life: Life): number | undefined {
  if (!life.plan || life.phase !== 'ready' || life.pin === true || life.book.open > 0) return undefined;
  return Math.max(life.lastActivity + life.plan.times.idleAfter, life.pin || 0);
}

function keptAwakeBy(life: Life): string[] {
  if (life.phase !== 'ready') return [];
  const reasons: string[] = [];
  for (const { proxy, open } of life.book.list()) {
    reasons.push(
      open > 0 ? `${open} open connection${open === 1 ? '' : 's'} at ${proxy}` : `lease of ${proxy}`,
    );
  }
  if (life.pin === true) reasons.push('pinned until unpinned');
  else if (life.pin !== false) reasons.push(`pinned until ${new Date(life.pin).toISOString()}`);
  if (life.probe?.failed !== undefined) reasons.push(`idle probe fails: ${life.probe.failed}`);
  else if (life.probe?.idle === false) reasons.push('idle probe says busy');
  return reasons;
}

export function summary(life: Life, endedBy: string): LifecycleSummary {
  return {
    name: life.name,
    generation: life.generation,
    boots: life.boots,
    ...(life.wokenBy === undefined ? {} : { wokenBy: life.wokenBy }),
    awakeFor: Date.now() - life.startedAt,
    endedBy,
    steps: life.steps,
  };
}

const phaseKey = defineSearchAttributeKey(searchAttributes.phase, SearchAttributeType.KEYWORD);
const nameKey = defineSearchAttributeKey(searchAttributes.resource, SearchAttributeType.KEYWORD);
const providerKey = defineSearchAttributeKey(searchAttributes.provider, SearchAttributeType.KEYWORD);

/** Shows the phase in the Temporal UI. Search attributes only where the worker has probed that they exist. */
export function show(life: Life, plan: Plan | undefined): void {
  setCurrentDetails(details(life));
  if (!plan?.searchAttributes) return;
  upsertSearchAttributes([
    { key: nameKey, value: life.name },
    { key: providerKey, value: plan.provider },
    { key: phaseKey, value: life.phase },
  ]);
}

function details(life: Life): string {
  const { instance, failure } = life;
  const lines = [
    `**${life.name}** is **${life.phase}** since ${new Date(life.since).toISOString()}`,
    `generation ${life.generation}${instance ? `, ${instance.id} at ${instance.endpoint.host}:${instance.endpoint.port}` : ''}`,
    ...life.steps.map(({ step, took }) => `${step}: ${took} ms`),
    ...(life.wokenBy === undefined ? [] : [`woken by ${life.wokenBy}`]),
    ...(failure ? [`${failure.code}: ${failure.message}`] : []),
  ];
  return lines.join('\n\n');
}
