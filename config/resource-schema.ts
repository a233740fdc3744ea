import { z } from 'zod';
import { duration, size } from './units.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Text that may hold ${env:NAME} and ${file:PATH}: resolved where it is used, never before. */
const reference = z.string();

const processSettings = z.strictObject({
  /** The program and its arguments; no shell is in between. */
  command: z.array(reference).min(1),
  /** Added to the worker's own environment. */
  env: z.record(z.string(), reference).default({}),
  /** Relative to the configuration file's folder. */
  cwd: z.string().default('.'),
  /** The user that the command runs as: needs a worker that is root. Default: the worker's own. */
  user: z.string().optional(),
  /** From SIGTERM to SIGKILL. */
  grace: duration.default(10 * SECOND),
  /** Bound of the log file; one older file of the same size is kept beside it. */
  logSize: size.default(1_000_000),
});

const healthTimings = {
  /** Longest pause between two probes; the first come 5 ms apart and double up to it. */
  interval: duration.default(200),
  /** From the end of the boot to the failure of the generation. */
  timeout: duration.default(60 * SECOND),
  /** Bound of one probe. */
  attempt: duration.default(5 * SECOND),
};
const httpHealth = z.strictObject({
  path: z.string().startsWith('/', 'expected a path that begins with /'),
  /** Statuses that count as healthy: a number, a range such as 200-399, or a list of them. Default: 200-399. */
  status: z
    .union([z.number().int(), z.string(), z.array(z.union([z.number().int(), z.string()]))])
    .default('200-399'),
  /** Host header of the probe. Default: the endpoint. */
  host: z.string().optional(),
  ...healthTimings,
});
const tcpHealth = z.strictObject({ tcp: z.literal(true), ...healthTimings });

const idleProbe = z
  .strictObject({
    /** GET; 200-299 says idle, 409 or 503 or any other answer says busy. Relative to the endpoint or absolute. */
    url: z.string().optional(),
    /** Exit code 0 says idle, any other busy. Sees REVEILLE_* in its environment. */
    command: z.array(reference).min(1).optional(),
    /** Between two probes once the idle time is over. */
    interval: duration.default(30 * SECOND),
    timeout: duration.default(10 * SECOND),
    /** How long a probe that fails (timeout, no answer) may keep the resource awake. */
    failLimit: duration.default(30 * MINUTE),
  })
  .refine(
    (probe) => (probe.url === undefined) !== (probe.command === undefined),
    'give either url or command',
  );

const route = z.union([
  z.strictObject({
    path: z.string().startsWith('/', 'expected a path that begins with /'),
    host: z.string().optional(),
    /** Forward without the prefix, which goes into X-Forwarded-Prefix. */
    strip: z.boolean().default(false),
  }),
  z.strictObject({ host: z.string().min(1) }),
]);

/** One resource of reveille.yaml. */
export const resourceSchema = z.strictObject({
  provider: z.enum(['process']),
  process: processSettings,
  endpoint: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      /** auto: a free one is picked and handed over as PORT. */
      port: z.union([z.literal('auto'), z.number().int().min(1).max(65535)]).default('auto'),
    })
    .prefault({}),
  health: z.union([z.literal('none'), tcpHealth, httpHealth]).prefault({ tcp: true }),
  /** Bound of the boot step. */
  boot: z.strictObject({ timeout: duration.default(10 * MINUTE) }).prefault({}),
  idle: z
    .strictObject({
      after: duration.default(15 * MINUTE),
      then: z.enum(['stop', 'suspend', 'delete']).default('stop'),
      probe: idleProbe.optional(),
    })
    .prefault({}),
  lease: z
    .strictObject({
      /** auto: a third of idle.after, at most 120 s. */
      time: z.union([z.literal('auto'), duration]).default('auto'),
      /** How much longer a lease that was live may be used while Temporal is out of reach. */
      stretch: duration.default(10 * MINUTE),
    })
    .prefault({}),
  backoff: z
    .strictObject({ first: duration.default(SECOND), max: duration.default(5 * MINUTE) })
    .prefault({}),
  /** Host header towards the instance: the client's (keep), or this one. */
  hostHeader: z.string().default('keep'),
  expose: z.strictObject({ logs: z.boolean().default(false) }).prefault({}),
  routes: z.array(route).default([]),
});

export type ResourceDefinition = z.output<typeof resourceSchema>;
export type ProcessSettings = z.output<typeof processSettings>;
export type HealthDefinition = ResourceDefinition['health'];
export type IdleProbeDefinition = z.output<typeof idleProbe>;
export type RouteDefinition = z.output<typeof route>;
