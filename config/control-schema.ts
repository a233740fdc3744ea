/** `control`: the address of API, health, metrics and pages, and who may use it. */
import { z } from 'zod';
import { accessSchema } from './access-schema.js';
import { span } from './units.js';
import { address, secret, whole } from './values.js';
import { wants } from './wording.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

const HOST = wants('a host name', 'a host name without port such as reveille.example.org');
const access = z.strictObject({
  /** Who may see: the list, logs, metrics and the past. Default: those who may act. */
  see: accessSchema.optional(),
  /** Who may act: wake, stop and pin, add and remove images, make resources from templates. They may see, too. Default: nobody. */
  act: accessSchema.optional(),
  /**
   * Names by which browsers reach it through a proxy whose fields tell who somebody is (`proxy.identity.headers`). Other
   * names are refused: anybody could point one at it. Addresses and localhost need no entry.
   */
  hosts: z
    .array(z.string({ error: HOST }).regex(/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/, { error: HOST }))
    .default([]),
});

const wrongTokens = z.strictObject({
  /** Wrong tokens from one address (IPv6: one /64) in that time; then none of its tokens is looked at for a while. */
  perAddress: whole(1).default(10),
  /** Wrong tokens from all addresses together; then only addresses that have shown the right one are still heard. */
  total: whole(1).default(300),
  /** The time in which they are counted. */
  every: span.default(MINUTE),
  /** Addresses that are remembered at the same time, those of wrong and those of right tokens each. */
  addresses: whole(1).default(10_000),
});

export const controlSchema = z.strictObject({
  /** Where it listens. */
  listen: address.default('127.0.0.1:8081'),
  /** Bearer token that callers must send. Off loopback this or `access` is required. */
  token: secret.optional(),
  /** People who may use it, as `proxy.identity` knows them: by jwt or headers. Default: nobody, only the token counts. */
  access: access.optional(),
  /** Bounds of guessing the token. */
  wrongTokens: wrongTokens.prefault({}),
  /** What is told of hours awake and of money, from the executions that Temporal keeps. */
  cost: z
    .strictObject({
      /** How far back. Temporal forgets what is older than the retention of its namespace. */
      period: span.default(30 * DAY),
      /** Times awake that are read and kept in memory at most, the latest first. */
      times: whole(1).default(50_000),
      /** How old what is told may be: how often Temporal is asked for what has ended since. */
      refresh: span.default(MINUTE),
    })
    .prefault({}),
  /** How long a browser stays signed in with the token. */
  session: span.default(12 * 60 * MINUTE),
  /** What is told live, to dashboards. */
  events: z
    .strictObject({
      /** Dashboards that listen at the same time; each holds a connection. */
      listeners: whole(1).default(100),
      /** How often the list is read while somebody listens; a reading that takes longer is followed by a pause as long. */
      every: span.default(SECOND),
      /**
       * How old what is told of an awake resource may get where more than 64 are awake: of so many each reading asks
       * only some. New ones, and those whose phase has changed in Temporal's list, are asked at once.
       */
      refresh: span.default(10 * SECOND),
      /**
       * How long one answer may go on, to who is not known by the token itself: events, and logs that are followed. Then
       * it is cut, the browser asks again, and whoever may no longer is out.
       */
      lasts: span.default(60 * MINUTE),
    })
    .prefault({}),
  /** What is told of past awake periods, from the executions that Temporal keeps. */
  history: z
    .strictObject({
      /** Of one resource: the latest so many. */
      runs: whole(1).default(100),
      /** Of all resources together: kept in memory, so that Temporal is asked once for each. */
      cached: whole(1).default(5000),
    })
    .prefault({}),
});
