import { z } from 'zod';
import { accessSchema, asleepSchema, requestPattern, wakeSchema } from './access-schema.js';
import { placementSchema } from './placement-schema.js';
import { params, poolSettings } from './pool-schema.js';
import { priceSchema } from './price-schema.js';
import { commandSettings } from './providers/command-schema.js';
import { dockerSettings } from './providers/docker-schema.js';
import { ec2Settings } from './providers/ec2-schema.js';
import { gceSettings } from './providers/gce-schema.js';
import { httpSettings } from './providers/http-schema.js';
import { processSettings } from './providers/process-schema.js';
import { pulumiSettings } from './providers/pulumi-schema.js';
import { qemuSettings } from './providers/qemu-schema.js';
import { checkSections, providerNames } from './providers/table.js';
import { tcpRoute } from './tcp-route-schema.js';
import { duration, span } from './units.js';
import {
  command,
  environment,
  flag,
  port,
  routeHost,
  routePath,
  statuses,
  text,
  urlOrPath,
  whole,
} from './values.js';
import { either, wants } from './wording.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const healthTimings = {
  /** Longest pause between two probes; the first come 5 ms apart and the pauses grow up to it. */
  interval: span.default(200),
  /** From the end of the boot to the failure of the generation. */
  timeout: span.default(60 * SECOND),
  /** Bound of one probe. */
  attempt: span.default(5 * SECOND),
};
const PROBE_PATH = wants('a path', 'a path that begins with /, such as /healthz');
const httpHealth = z.strictObject({
  /** Path, and query if any, that is asked with GET. */
  path: z.string({ error: PROBE_PATH }).regex(/^\/\S*$/, { error: PROBE_PATH }),
  /** Statuses that count as healthy: a number, a range such as 200-399, or a list of them. Default: 200-399. */
  status: statuses.default('200-399'),
  /** Host header of the probe. Default: the endpoint. */
  host: text('a host name').optional(),
  ...healthTimings,
});
const tcpHealth = z.strictObject({
  /** Healthy as soon as the endpoint takes a connection. */
  tcp: z.literal(true, { error: wants('true') }),
  /** Healthy only once the server has said something of its own: ssh, SMTP and MySQL do; HTTP and PostgreSQL do not. */
  greets: flag().default(false),
  ...healthTimings,
});
const commandHealth = z.strictObject({
  /**
   * Healthy when this exits with 0. For what accepts connections before it serves, such as PostgreSQL. It finds the
   * instance in REVEILLE_HOST and REVEILLE_PORT, and runs on the worker's machine; no shell is in between.
   */
  command,
  ...healthTimings,
});
const HEALTH = wants(
  'a health check',
  'none, { tcp: true }, { path: /healthz } or { command: [pg_isready, …] }',
);

const idleProbe = z.strictObject({
  /** GET; 200-299 says idle, 409 or 503 or any other answer says busy. Relative to the endpoint or absolute. */
  url: urlOrPath.optional(),
  /** Exit code 0 says idle, any other busy. Sees REVEILLE_* in its environment. */
  command: command.optional(),
  /** Added to the command's environment. */
  env: environment,
  /** The user that runs the command: needs a worker that is root. Default: the worker's own. */
  user: text('a user name').optional(),
  /** Between two probes once the idle time is over. */
  interval: span.default(30 * SECOND),
  /** Bound of one probe. */
  timeout: span.default(10 * SECOND),
  /** How long a probe that fails (timeout, no answer) may keep the resource awake. */
  failLimit: duration.default(30 * MINUTE),
});

export const route = z.union(
  [
    z.strictObject({
      /** Requests whose path is this or goes on below it. The longest that fits wins. */
      path: routePath,
      /** Only for this host. Default: any. */
      host: routeHost.optional(),
      /** Forward without the prefix, which goes into X-Forwarded-Prefix. */
      strip: flag().default(false),
    }),
    z.strictObject({
      /** Requests for this host, whatever their path. */
      host: routeHost,
    }),
    /** Connections to a port of its own, whatever their protocol. */
    tcpRoute,
  ],
  { error: wants('a route', '{ path: /app }, { host: app.example.org } or { tcp: 2222 }') },
);

/** Each key of a resource; whether they go together, `resourceSchema` says. */
export const resourceShape = z.strictObject({
  /** What starts, inspects and stops it. Its settings stand under its name. */
  provider: z.enum(providerNames, { error: wants('a provider', either(providerNames)) }),
  /** Settings of the provider `process`: a program on the worker's own machine. */
  process: processSettings.optional(),
  /** Settings of the provider `command`: anything that commands of yours start and stop. */
  command: commandSettings.optional(),
  /** Settings of the provider `http`: a service that starts things, spoken to over REST. */
  http: httpSettings.optional(),
  /** Settings of the provider `docker`: containers of a Docker engine on the worker's own machine. */
  docker: dockerSettings.optional(),
  /** Settings of the provider `qemu`: a virtual machine on the worker's own machine. */
  qemu: qemuSettings.optional(),
  /** Settings of the provider `gce`: a virtual machine of Google Compute Engine. */
  gce: gceSettings.optional(),
  /** Settings of the provider `ec2`: an instance of AWS, or of a cloud with the same interface. */
  ec2: ec2Settings.optional(),
  /** Settings of the provider `pulumi`: what a template creates, and another provider then wakes and stops. */
  pulumi: pulumiSettings.optional(),
  /** Where it runs, with workers on several hosts. */
  placement: placementSchema.prefault({}),
  /** Where the awake instance answers. */
  endpoint: z
    .strictObject({
      /** Host or address, as the worker and the proxy reach it. */
      host: text('a host').default('127.0.0.1'),
      /** auto: a free one is picked and handed over as PORT. */
      port: z
        .union([z.literal('auto'), port], { error: wants('a port', 'auto, or a number from 1 to 65535') })
        .default('auto'),
      /**
       * New connections that a proxy opens to it before it has answered on one of them, or 50 ms have passed: more wait
       * for their turn. Lower it for what drops connections beyond a small backlog. Default: 100; 1 for `qemu` with
       * network: user, whose own network has room for two.
       */
      backlog: whole(1, 10_000).optional(),
    })
    .prefault({}),
  /** When an instance counts as ready. none: as soon as it is started. */
  health: z
    .union([z.literal('none'), tcpHealth, httpHealth, commandHealth], { error: HEALTH })
    .prefault({ tcp: true }),
  /** The step that starts the instance. */
  boot: z
    .strictObject({
      /** Bound of the boot step. */
      timeout: span.default(10 * MINUTE),
    })
    .prefault({}),
  /** When and how it falls asleep. */
  idle: z
    .strictObject({
      /** Time without use after which it is stopped. */
      after: span.default(15 * MINUTE),
      /** stop ends it, suspend keeps its memory, delete removes what the provider made for it. */
      then: z.enum(['stop', 'suspend', 'delete']).default('stop'),
      /**
       * Requests that fit one of these are no use, such as the polling of a tab that was left open: they are forwarded
       * while it is awake and neither prolong that nor wake it. While it sleeps they get its `asleep` answer, or 503.
       */
      ignore: z.array(requestPattern).default([]),
      /** Asked, once the idle time is over, whether it is really idle. */
      probe: idleProbe.optional(),
    })
    .prefault({}),
  /** How long a proxy may forward without asking again. */
  lease: z
    .strictObject({
      /** auto: a third of idle.after, at most 120 s. */
      time: z
        .union([z.literal('auto'), span], { error: wants('a duration', 'auto, 500ms, 20s or 15m') })
        .default('auto'),
      /** How much longer a lease that was live may be used while Temporal is out of reach. */
      stretch: duration.default(10 * MINUTE),
    })
    .prefault({}),
  /** Pauses after boots that failed. */
  backoff: z
    .strictObject({
      /** After the first failure; doubled after each further one. */
      first: span.default(SECOND),
      /** The longest pause. */
      max: span.default(5 * MINUTE),
    })
    .prefault({}),
  /** Host header towards the instance: the client's (keep), or this one. */
  hostHeader: text('a host header', 'keep, or a host such as app.internal:8080').default('keep'),
  /** Who may use it: `signed-in`, a rule, or a list of rules of which one must hold. Default: everybody. */
  access: accessSchema.optional(),
  /** Who and what may wake it. */
  wake: wakeSchema.prefault({}),
  /** Requests that are answered by the proxy while it is asleep, and do not wake it: the first that fits. */
  asleep: z.array(asleepSchema).default([]),
  /** What an hour awake costs. Given, `status` and metrics tell what was spent, and saved against always-on. */
  price: priceSchema.optional(),
  /** What clients may see beyond answers. */
  expose: z
    .strictObject({
      /** The log's last lines in errors, where the proxy does not listen on loopback. */
      logs: flag().default(false),
    })
    .prefault({}),
  /** What its command sees as REVEILLE_NAME, by name. */
  params: params.optional(),
  /** Makes it a template: its name stands for several members, each started with these settings. */
  pool: poolSettings.optional(),
  /** How requests find it. The routes of a pool with a key may capture: "{pr}.example.org", "/user/{user}". */
  routes: z.array(route).default([]),
});

/** One resource of reveille.yaml. */
export const resourceSchema = resourceShape.superRefine(checkSections);

export type ResourceDefinition = z.output<typeof resourceShape>;
export type HealthDefinition = ResourceDefinition['health'];
export type IdleProbeDefinition = z.output<typeof idleProbe>;
export type RouteDefinition = z.output<typeof route>;
