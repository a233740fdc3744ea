/** What the API answers, as schemas: the compiler holds them to the types of contract.ts, a test to the answers. */
import { z } from 'zod';
import type { Failure, Instance, LeaseStatus, StatusState, StepTiming } from '../../workflows/messages.js';
import type {
  ActionResult,
  ConfigurationSummary,
  Cost,
  InstanceResult,
  Readiness,
  ResourceDetails,
  ResourceList,
  ResourceSummary,
} from '../contract.js';
import { KNOWN_PHASES, PHASES } from '../contract.js';
import { imageProgress } from './image-answers.js';
import { count, duration, of, optional, time } from './schema-words.js';

/** In the document any text: the catalogue grows. */
const errorCode = z.string() as unknown as z.ZodType<Failure['code']>;
/** A number where it ends by itself. */
const pinned = () => z.union([z.boolean(), time()]).meta({ description: 'True: until unpinned.' });

const failure = of<Failure>()(
  z
    .strictObject({
      code: errorCode,
      message: z.string(),
      log: optional(z.string()).meta({ description: 'Last lines of its log, without secrets.' }),
      younger: optional(z.number()),
    })
    .meta({ id: 'Failure', description: 'Why a boot failed, by its name in the catalogue of errors.' }),
);

const instance = of<Instance>()(
  z
    .strictObject({
      id: z.string(),
      endpoint: z.strictObject({ host: z.string(), port: z.number().int() }),
      generation: z.number(),
      host: optional(z.string()),
    })
    .meta({ id: 'Instance', description: 'What a provider started.' }),
);

export const step = of<StepTiming>()(
  z.strictObject({ step: z.enum(['image', 'boot', 'health']), took: duration() }).meta({ id: 'Step' }),
);

const lease = of<LeaseStatus>()(
  z
    .strictObject({ proxy: z.string(), at: z.string(), open: count(), until: time() })
    .meta({ id: 'Lease', description: 'How long a proxy may forward without asking again.' }),
);

const provider = z.string();
const keptAwakeBy = z
  .array(z.string())
  .meta({ description: 'What keeps it awake: connections, lease, pin, probe.' });

const status = of<StatusState>()(
  z
    .strictObject({
      name: z.string(),
      params: optional(z.record(z.string(), z.string())),
      provider,
      phase: z.enum(KNOWN_PHASES),
      since: time(),
      generation: z.number(),
      instance: optional(instance),
      revision: z.string(),
      steps: z.array(step),
      wokenBy: optional(z.string()),
      wokenAt: time(),
      leases: z.array(lease),
      open: count(),
      pinned: pinned(),
      lastActivity: time(),
      idleDeadline: optional(time()),
      keptAwakeBy,
      ahead: optional(count()),
      image: optional(imageProgress),
      attempts: count(),
      retryAt: optional(time()),
      failure: optional(failure),
      boots: count(),
    })
    .meta({ id: 'Status', description: 'All that the workflow of an awake resource says.' }),
);

const cost = of<Cost>()(
  z
    .strictObject({
      since: time(),
      awakeHours: z.number().nonnegative(),
      currency: optional(z.string()),
      spent: optional(z.number()),
      saved: optional(z.number()),
    })
    .meta({ id: 'Cost', description: 'Hours awake, and money where it has a price.' }),
);

const summaryFields = {
  name: z.string(),
  phase: z.enum(PHASES),
  configured: z.boolean().meta({ description: 'False: awake, but no longer in the configuration.' }),
  provider: optional(provider),
  since: optional(time()),
  members: optional(count()).meta({ description: 'Of a pool: how many of its members are awake.' }),
  wokenBy: optional(z.string()),
  wokenAt: optional(time()).meta({ description: 'Since when it is awake.' }),
  lastActivity: optional(time()),
  open: count().meta({ description: 'Requests in flight and open connections.' }),
  pinned: pinned(),
  keptAwakeBy,
  idleDeadline: optional(time()),
  retryAt: optional(time()),
  failure: optional(failure),
  url: optional(z.string()).meta({ description: 'Its first route.' }),
  workflow: z.strictObject({ id: z.string(), url: optional(z.string()) }),
  cost: optional(cost),
  ahead: optional(count()).meta({ description: 'While it waits for a place: how many are before it.' }),
  image: optional(imageProgress),
  outdated: optional(z.boolean()).meta({ description: 'True: its definition changed since it booted.' }),
  trouble: optional(
    z.strictObject({
      code: errorCode,
      message: z.string(),
    }),
  ).meta({ description: 'Why nobody could say how it is.' }),
};
export const summary = of<ResourceSummary>()(
  z.strictObject(summaryFields).meta({ id: 'ResourceSummary', description: 'A line of the list.' }),
);

const configuration = of<ConfigurationSummary>()(
  z
    .strictObject({
      provider,
      routes: z.array(z.string()),
      idle: z.strictObject({
        after: duration(),
        then: z.enum(['stop', 'suspend', 'delete']),
        probe: z.boolean(),
      }),
      lease: z.union([duration(), z.literal('auto')]),
      health: z.string(),
      bootTimeout: duration(),
    })
    .meta({ id: 'Configuration', description: 'Its definition, without commands and secrets.' }),
);

const result = { name: z.string(), phase: optional(z.enum(['ready', 'asleep'])) };
const check = z.strictObject({ ok: z.boolean(), detail: z.string() }).meta({ id: 'Check' });

export const answers = {
  list: of<ResourceList>()(
    z.strictObject({ now: time(), resources: z.array(summary) }).meta({ id: 'ResourceList' }),
  ),
  details: of<ResourceDetails>()(
    z
      .strictObject({
        ...summaryFields,
        now: time(),
        status: optional(status),
        configuration: optional(configuration),
        memberNames: optional(z.array(z.string())).meta({
          description:
            'Of a pool: those that the configuration names, or, of one with a template, those that are awake.',
        }),
      })
      .meta({ id: 'ResourceDetails', description: 'One resource.' }),
  ),
  action: of<ActionResult>()(
    z
      .strictObject({ ...result, action: z.enum(['wake', 'stop', 'pin', 'unpin', 'delete']) })
      .meta({ id: 'ActionResult', description: 'With a phase where that was waited for.' }),
  ),
  instance: of<InstanceResult>()(
    z
      .strictObject({
        name: z.string(),
        action: z.enum(['put', 'delete']),
        phase: optional(z.literal('asleep')),
        pending: optional(z.literal(true)).meta({ description: 'The change is not applied as yet.' }),
      })
      .meta({ id: 'InstanceResult', description: 'What became of a resource that callers made.' }),
  ),
  readiness: of<Readiness>()(
    z
      .strictObject({
        ready: z.boolean(),
        checks: z.strictObject({ temporal: check, worker: check, proxy: check }),
      })
      .meta({ id: 'Readiness' }),
  ),
} as const;

/** RFC 9457, with what `Problem` of errors/ adds. */
export const problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().meta({ description: 'What happened here, and where.' }),
    code: z.string().meta({ description: 'Its name in the catalogue of errors.' }),
    remedy: z.string().meta({ description: 'What to do about it.' }),
    retryIn: optional(duration()),
    log: optional(z.string()),
    requestId: optional(z.string()),
  })
  .meta({ id: 'Problem' });
