import { z } from 'zod';
import { identitySchema, wakesSchema } from './access-schema.js';
import { controlSchema } from './control-schema.js';
import { discoverSchema } from './discover-schema.js';
import { imagesSchema } from './image-schema.js';
import { memberPoolSchema } from './member-pool-schema.js';
import { quotaSchema } from './quota-schema.js';
import { resourceSchema, resourceShape } from './resource-schema.js';
import { tracingSchema } from './tracing-schema.js';
import { duration, size, span } from './units.js';
import {
  address,
  addressOrBlock,
  flag,
  port,
  portRange,
  reference,
  secret,
  text,
  webUrl,
  whole,
} from './values.js';
import { wants } from './wording.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const proxySchema = z.strictObject({
  /** Where clients come in. */
  listen: address.default('127.0.0.1:8080'),
  /** Where workers ask this proxy to give up its leases. Port 0: any free one. Reachable from the workers; 0.0.0.0 is told to them as this machine's host name. */
  control: address.default('127.0.0.1:0'),
  /** Addresses or CIDR blocks whose X-Forwarded-* are believed. Nobody's by default, loopback included. */
  trusted: z.array(addressOrBlock).default([]),
  /** How it learns who somebody is. Default: nobody has a name. */
  identity: identitySchema.optional(),
  /** Bounds of how often one visitor wakes something. */
  wakes: wakesSchema.prefault({}),
  /** How long requests in flight may go on after an ordered stop, and at the proxy's own end. */
  drain: duration.default(10 * SECOND),
  /** Bounds of keeping clients waiting while a resource wakes. */
  hold: z
    .strictObject({
      /** Longest wait; then 504 while the boot goes on. */
      time: span.default(5 * MINUTE),
      /** Requests that may wait for one resource; more are refused with 503. */
      perResource: whole(1).default(2000),
      /** Requests that may wait in all. */
      total: whole(1).default(10_000),
    })
    .prefault({}),
  /** What browsers are shown while they wait for a page. Everybody else is held. */
  waiting: z
    .strictObject({
      /** A wake that takes longer is shown; 0: every wake. */
      after: duration.default(SECOND),
      /** Pages that may hear at the same time how their wakes go on; others load again to see. */
      pages: whole(1).default(1000),
      /** Folder with a `waiting.html` that replaces the page; see docs/waiting-page.md. Relative to this file. */
      folder: text('a folder').optional(),
    })
    .prefault({}),
  /** A line for each request, besides what `log` tells of cold and failed ones. Default: none. */
  accessLog: z
    .strictObject({
      /** Relative to this file; `-` is standard output. */
      file: text('a file').default('-'),
      /** combined: as Apache and nginx write it, with request id, resource and times at the end of the line. */
      format: z.enum(['combined', 'json']).default('combined'),
      /** Of a file. Beyond it the file becomes FILE.1, and an older FILE.1 is gone. */
      maxSize: size.default(100 * 1000 * 1000),
    })
    .optional(),
  /** Bounds of what clients may send. */
  limits: z
    .strictObject({
      /** Of a request's head: its line and header fields together. */
      headerBytes: size.default(32 * 1024),
      /** Header fields of a request. */
      headers: whole(1).default(200),
      /** For a request's head to arrive. */
      headerTimeout: span.default(30 * SECOND),
      /** Of a request's body. Default: any size, since bodies pass through in bounded memory. */
      body: size.optional(),
      /** Longest pause within a body, while the instance takes it; and how long a body that nobody wants is read. */
      bodyTimeout: span.default(2 * MINUTE),
      /** Requests that a client may send ahead on a connection while the first one waits for its answer. */
      pipelined: whole(1).default(100),
      /** Idle keep-alive connections of clients. Longer than the usual 60 s of load balancers. */
      keepAlive: span.default(75 * SECOND),
      /** Client connections at the same time, those of TCP routes included. */
      connections: whole(1).default(20_000),
      /** Of these, from one address (of IPv6: from one /64). Those of proxy.trusted may have any number. */
      perAddress: whole(1).default(5000),
    })
    .prefault({}),
});

const embeddedTemporal = z.strictObject({
  /** A server that `reveille up` starts and keeps. It listens on loopback only. */
  embedded: z
    .strictObject({
      /** Its API. */
      port: port.default(7233),
      /** Its web pages. */
      uiPort: port.default(8233),
      /** File of its database. Relative to the configuration file's folder. */
      database: text('a file').default('.reveille/temporal.db'),
    })
    .prefault({}),
});
const tlsFiles = z.strictObject({
  /** PEM of the authority that signed the server's certificate, such as ${file:ca.pem}. Default: the system's. */
  ca: reference.optional(),
  /** PEM of the client's certificate. Goes with key. */
  cert: reference.optional(),
  /** PEM of the client's private key. Goes with cert. */
  key: reference.optional(),
  /** Name that the server's certificate must bear. Default: the host of address. */
  serverName: text('a host name').optional(),
});
const remoteTemporal = z.strictObject({
  /** A Temporal server that others run. */
  address,
  /** Its namespace. */
  namespace: text('a namespace').default('default'),
  /** true: TLS with the system's authorities; or the files to use. */
  tls: z
    .union([flag(), tlsFiles], {
      error: wants('a TLS setting', 'true, false or { ca, cert, key, serverName }'),
    })
    .default(false),
  /** As Temporal Cloud issues it. */
  apiKey: secret.optional(),
  /** Where people see it, for links. */
  ui: webUrl.optional(),
});

const workerSchema = z.strictObject({
  /** The name under which this machine's instances are known. Default: its host name. */
  host: text('a name').optional(),
  /** Boots at the same time. Read at the start. */
  boots: whole(1).default(100),
  /** Stops at the same time. Read at the start. */
  stops: whole(1).default(100),
  /** Operations of Pulumi at the same time; each takes some 300 MB of memory. Changed by a reload. */
  pulumi: whole(1).default(2),
  /** Workflows kept in memory; others are read from their history again. Read at the start. */
  cachedWorkflows: whole(1).default(1000),
  /** Ports handed to instances with port: auto. */
  ports: portRange.default('20000-29999'),
  /**
   * Where Prometheus reads this worker's metrics and those of the Temporal SDK: HOST:PORT. Off loopback callers send
   * control.token. Default: nowhere; the control address of its machine tells the worker's own.
   */
  metrics: address.optional(),
  /** How long running activities may go on when the worker is told to end. */
  shutdownGrace: duration.default(5 * SECOND),
});

export const resourceName = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
  error: wants('a name for a resource', '1 to 63 of a-z, 0-9 and inner hyphens'),
});

const SITE = wants('the name of a site', '1 to 32 of a-z, 0-9 and inner hyphens');

/** The whole of reveille.yaml. */
export const configSchema = z.strictObject({
  /** User traffic: where it comes in and within which bounds. */
  proxy: proxySchema.prefault({}),
  /** The address of API, health, metrics and pages. */
  control: controlSchema.prefault({}),
  /** What runs the resources' lives: a server of our own (embedded), or one at an address. */
  temporal: z
    .union([remoteTemporal, embeddedTemporal], {
      error: wants('a Temporal setting', '{ embedded: {} } or { address: HOST:PORT }'),
    })
    .prefault({ embedded: {} }),
  /** What starts and stops instances on this machine. */
  worker: workerSchema.prefault({}),
  /** Folder of everything that Reveille writes. Relative to the configuration file. */
  state: text('a folder').default('.reveille'),
  /**
   * Name of this Reveille towards clouds: all its workers have the same, and no other one in the same account has it.
   * Default, with an embedded Temporal: an id that is kept in the state folder.
   */
  site: z
    .string({ error: SITE })
    .regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, { error: SITE })
    .optional(),
  /** Secret of the calls between workers and proxies. `up` makes one; needed where they run apart. */
  secret: secret.optional(),
  /** What becomes of awake instances when `reveille up` ends: stop them, or keep them running. */
  onExit: z.enum(['stop', 'keep']).default('stop'),
  /** How often workers compare what runs with what should. */
  reconcile: span.default(5 * MINUTE),
  /** What is logged, on standard error. */
  log: z
    .strictObject({
      /** The least serious line that is still written. */
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    })
    .prefault({}),
  /** Images that are fetched by URL: where they are kept, and within which bounds. */
  images: imagesSchema.prefault({}),
  /** Where traces of requests and wakes go. Default: none are made. */
  tracing: tracingSchema.optional(),
  /**
   * Bounds of providers, by their names: on all hosts together, shared out fairly among users. Those that a reload
   * changes reach who waits within 5 minutes.
   */
  quotas: z.record(z.string(), quotaSchema).default({}),
  /** The named things that sleep and wake. */
  resources: z.record(resourceName, resourceSchema).default({}),
  /** What defines resources beside this file. */
  discover: discoverSchema.prefault({}),
  /** Names that stand for several of the resources, one of which serves each request. */
  pools: z.record(resourceName, memberPoolSchema).default({}),
});

/** A file of which some is already known to be wrong: no provider is asked for, all else is as ever. */
export const looseConfigSchema = configSchema.extend({
  /** As in a whole file, but for what starts them. */
  resources: z.record(resourceName, resourceShape.partial({ provider: true })).default({}),
});
export type LooseConfigFile = z.output<typeof looseConfigSchema>;

export type ConfigFile = z.output<typeof configSchema>;

/** A checked configuration, with what is known of its file. */
export interface Config extends ConfigFile {
  /** Absolute path of the file, or undefined where there is none (`reveille run`). */
  readonly file: string | undefined;
  /** Absolute folder that relative paths start from. */
  readonly folder: string;
}
