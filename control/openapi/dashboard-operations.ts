/** What the dashboard asks for beside the resources themselves. */
import { z } from 'zod';
import type { AwakePeriod, ResourceHistory, SessionResult, Timeline } from '../contract.js';
import { EVENTS_PATH, RESOURCES_PATH, SESSION_PATH, TIMELINE_PATH } from '../contract.js';
import { queries, sessionBody } from '../inputs.js';
import { step } from './answers.js';
import type { Operation } from './operation.js';
import { count, duration, of, optional, time } from './schema-words.js';

const period = of<AwakePeriod>()(
  z
    .strictObject({
      name: z.string(),
      runId: z.string(),
      start: time(),
      end: time(),
      outcome: z.enum(['completed', 'failed', 'canceled', 'terminated', 'continued', 'timed-out']),
      wokenBy: optional(z.string()),
      endedBy: z.string(),
      boots: count(),
      steps: z.array(step),
      url: optional(z.string()).meta({ description: 'Its execution in the Temporal UI.' }),
    })
    .meta({ id: 'AwakePeriod' }),
);
const history = of<ResourceHistory>()(
  z
    .strictObject({
      name: z.string(),
      now: time(),
      periods: z.array(period),
      wakes: optional(
        z.strictObject({ count: count(), p50: duration(), p90: duration(), p99: duration() }),
      ).meta({ description: 'How long its wakes took, as percentiles.' }),
    })
    .meta({ id: 'ResourceHistory' }),
);
const timeline = of<Timeline>()(
  z
    .strictObject({
      now: time(),
      from: time(),
      periods: z.array(z.strictObject({ name: z.string(), start: time(), end: optional(time()) })),
    })
    .meta({ id: 'Timeline' }),
);
const session = of<SessionResult>()(
  z
    .strictObject({
      byToken: z.boolean().meta({ description: 'Whether the token signs in here.' }),
      until: optional(time()),
      user: optional(z.string()),
      may: optional(z.enum(['see', 'act'])).meta({ description: 'Absent: nothing.' }),
    })
    .meta({ id: 'Session' }),
);

export const dashboardOperations: readonly Operation[] = [
  {
    id: 'events',
    method: 'get',
    path: EVENTS_PATH,
    summary: 'The list of resources, live',
    description:
      'Server-sent events: `list` with every line (a ResourceList) first, then `change` with the lines that changed ' +
      'and the names that are gone, `trouble` while nothing can be read. The answer goes on until the caller ends it.',
    query: queries.none,
    answers: { 200: { description: 'Events', media: 'text/event-stream' } },
    errors: ['USAGE', 'TOO_MANY_LISTENERS'],
  },
  {
    id: 'historyOfResource',
    method: 'get',
    path: `${RESOURCES_PATH}/{name}/history`,
    summary: 'Its past awake periods; of a pool, those of its members',
    description:
      "From Temporal's closed executions: as far back as its retention, and `control.history.runs`.",
    query: queries.none,
    answers: { 200: { description: 'The latest first', schema: history } },
    errors: ['USAGE', 'RESOURCE_UNKNOWN', 'TEMPORAL_UNREACHABLE'],
  },
  {
    id: 'timeline',
    method: 'get',
    path: TIMELINE_PATH,
    summary: 'When everything was awake',
    query: queries.timeline,
    answers: { 200: { description: 'The latest first', schema: timeline } },
    errors: ['USAGE'],
  },
  {
    id: 'showSession',
    method: 'get',
    path: SESSION_PATH,
    summary: 'Who the caller is, and what they may do',
    query: queries.none,
    answers: { 200: { description: 'Without `may`: not signed in', schema: session } },
    errors: ['USAGE'],
  },
  {
    id: 'signIn',
    method: 'post',
    path: SESSION_PATH,
    summary: 'Sign in with the token: the answer sets a cookie',
    query: queries.none,
    body: sessionBody,
    needsBody: true,
    answers: { 200: { description: 'Signed in', schema: session } },
    errors: ['USAGE'],
  },
  {
    id: 'signOut',
    method: 'delete',
    path: SESSION_PATH,
    summary: 'Sign out: the answer takes the cookie away',
    query: queries.none,
    answers: { 200: { description: 'Signed out', schema: session } },
    errors: ['USAGE'],
  },
];
