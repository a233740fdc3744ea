import { z } from 'zod';
import { resourceSchema } from './resource-schema.js';
import { duration, size } from './units.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** HOST:PORT, or [IPv6]:PORT. */
const address = z
  .string()
  .regex(
    /^(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):\d{1,5}$/,
    'expected HOST:PORT such as 127.0.0.1:8080 or [::1]:8080',
  )
  .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65535, 'the port must be at most 65535');
const reference = z.string();
const port = z.number().int().min(1).max(65535);

const proxySchema = z.strictObject({
  listen: address.default('127.0.0.1:8080'),
  /** Where workers ask this proxy to give up its leases. Port 0: any free one. Reachable from the workers. */
  control: address.default('127.0.0.1:0'),
  /** Addresses or CIDR blocks whose X-Forwarded-* are believed. */
  trusted: z.array(z.string()).default([]),
  /** How long requests in flight may go on after an ordered stop, and at the proxy's own end. */
  drain: duration.default(10 * SECOND),
  hold: z
    .strictObject({
      time: duration.default(5 * MINUTE),
      perResource: z.number().int().min(1).default(2000),
      total: z.number().int().min(1).default(10_000),
    })
    .prefault({}),
  limits: z
    .strictObject({
      headerBytes: size.default(32 * 1024),
      headers: z.number().int().min(1).default(200),
      /** For a request's head to arrive. */
      headerTimeout: duration.default(30 * SECOND),
      /** Idle keep-alive connections of clients. Longer than the usual 60 s of load balancers. */
      keepAlive: duration.default(75 * SECOND),
      connections: z.number().int().min(1).default(20_000),
    })
    .prefault({}),
});

const embeddedTemporal = z.strictObject({
  embedded: z
    .strictObject({
      port: port.default(7233),
      uiPort: port.default(8233),
      database: z.string().default('.reveille/temporal.db'),
    })
    .prefault({}),
});
const remoteTemporal = z.strictObject({
  address,
  namespace: z.string().default('default'),
  tls: z
    .union([
      z.boolean(),
      z.strictObject({
        ca: reference.optional(),
        cert: reference.optional(),
        key: reference.optional(),
        serverName: z.string().optional(),
      }),
    ])
    .default(false),
  apiKey: reference.optional(),
  /** Where people see it, for links. */
  ui: z.string().optional(),
});

/** The whole of reveille.yaml. */
export const configSchema = z.strictObject({
  proxy: proxySchema.prefault({}),
  control: z
    .strictObject({
      listen: address.default('127.0.0.1:8081'),
      /** Required off loopback. */
      token: reference.optional(),
    })
    .prefault({}),
  temporal: z.union([remoteTemporal, embeddedTemporal]).prefault({ embedded: {} }),
  worker: z
    .strictObject({
      /** The name under which this machine's instances are known. Default: its host name. */
      host: z.string().optional(),
      boots: z.number().int().min(1).default(100),
      stops: z.number().int().min(1).default(100),
      cachedWorkflows: z.number().int().min(1).default(1000),
      /** Ports handed to instances with port: auto. */
      ports: z
        .string()
        .regex(/^\d+-\d+$/, 'expected a range such as 20000-29999')
        .default('20000-29999'),
      /** How long running activities may go on when the worker is told to end. */
      shutdownGrace: duration.default(5 * SECOND),
    })
    .prefault({}),
  /** Folder of everything that Reveille writes. Relative to the configuration file. */
  state: z.string().default('.reveille'),
  /** Secret of the calls between workers and proxies. `up` makes one; needed where they run apart. */
  secret: reference.optional(),
  onExit: z.enum(['stop', 'keep']).default('stop'),
  reconcile: duration.default(5 * MINUTE),
  log: z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info') }).prefault({}),
  resources: z
    .record(
      z
        .string()
        .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a name is 1 to 63 of a-z, 0-9 and inner hyphens'),
      resourceSchema,
    )
    .default({}),
});

export type ConfigFile = z.output<typeof configSchema>;

/** A checked configuration, with what is known of its file. */
export interface Config extends ConfigFile {
  /** Absolute path of the file, or undefined where there is none (`reveille run`). */
  readonly file: string | undefined;
  /** Absolute folder that relative paths start from. */
  readonly folder: string;
}
