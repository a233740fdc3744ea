/** Resources whose name stands for several members: made from one template, or named one by one. */
import { z } from 'zod';
import { isFreeParameter, keyPart } from './members.js';
import { span } from './units.js';
import { text, whole } from './values.js';
import { wants } from './wording.js';

const DAY = 24 * 3_600_000;

const SELECTIONS = ['first', 'random', 'roundRobin', 'leastConnections', 'clientAddress', 'cookie'] as const;
export type Selection = (typeof SELECTIONS)[number];

const selection = z
  .enum(SELECTIONS, {
    error: wants('a way to choose', 'first, random, roundRobin, leastConnections, clientAddress or cookie'),
  })
  .default('first');

const PATTERN = wants('a pattern', 'a regular expression such as [a-z0-9-]{1,40}');
/** A regular expression that has to fit a whole value. */
const pattern = z.string({ error: PATTERN }).refine((value) => {
  try {
    new RegExp(`^(?:${value})$`, 'u');
    return true;
  } catch {
    return false;
  }
}, PATTERN);

const KEY = wants('a part of a key', '"{name}" for a capture of the routes, user, group or groups');

const keyPool = z.strictObject({
  /**
   * One member for each value of this, made when it is first asked for: captures of the routes ("{pr}"), the
   * verified user (user), the first of their groups (group), or all of them (groups: whoever has these groups and
   * more may share the member). Captures are what clients write: only user and groups keep users apart. Commands
   * see the values as REVEILLE_PR, REVEILLE_USER and so on. A lease of such a member is never stretched.
   */
  key: z
    .array(
      z.string({ error: KEY }).refine((value) => keyPart(value) !== undefined, KEY),
      { error: wants('a list of parts of a key', '["{pr}"] or [user]') },
    )
    .min(1, { error: wants('a key', 'at least one part, such as ["{pr}"] or [user]') }),
  /** What a capture may be; others are refused. No pattern lets control characters through, or over 1,000. */
  allow: pattern.default('[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}'),
  /** Which groups of a user count for group and groups. Default: all. */
  groups: pattern.optional(),
  /** Members awake at the same time; more are refused with 503. */
  maxInstances: whole(1).default(100),
  /** What becomes of members that nobody wakes any more. Default: they stay. */
  gone: z
    .strictObject({
      /** Since the end of the last time awake. Shorter than Temporal keeps what is closed. */
      after: span.default(14 * DAY),
      /** delete removes what the provider made for it. */
      then: z.literal('delete', { error: wants('delete') }).default('delete'),
    })
    .optional(),
});

const countPool = z.strictObject({
  /** Members that are kept awake, whether they are used or not. Seen to whenever workers reconcile. */
  min: whole(0, 1000).default(0),
  /** Members at most. They are named NAME--1, NAME--2 and so on; commands see REVEILLE_MEMBER. */
  max: whole(1, 1000),
  /** Requests in flight for each member: more of them wake another one, as far as max. */
  per: whole(1).default(10),
  /**
   * How the member for a request is chosen. Members that are awake come before those that sleep.
   * first: the first one with room. random, roundRobin, leastConnections (requests in flight at this proxy): as they
   * say. clientAddress: the same client gets the same member, as long as there are the same members. cookie: as
   * leastConnections, then always the same.
   */
  select: selection,
});

/** The members of a resource that is a template. */
export const poolSettings = z.union([keyPool, countPool], {
  error: wants('a pool', '{ key: ["{pr}"] }, { key: [user] } or { max: 4, per: 10 }'),
});
export type PoolSettings = z.output<typeof poolSettings>;

/** All of a pool of resources that are named one by one, but its routes. */
export const memberPoolSettings = {
  /** Resources of this file, in the order in which they are preferred. A visitor gets those they may use. */
  members: z
    .array(text('the name of a resource'), { error: wants('a list of members', '[one, two]') })
    .min(1, { error: wants('a list of members', 'at least one') }),
  /** How the member for a request is chosen: as in a pool by number. */
  select: selection,
  /** Requests in flight for each member: more of them wake another one. Default: who is awake gets them all. */
  per: whole(1).optional(),
};

const PARAMETER = wants('a name for a parameter', 'a-z, 0-9 and _, and no name that Reveille uses itself');

/** Nothing that breaks a line, an environment or a bound. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
export const PARAMETER_VALUE = /^[^\x00-\x1f\x7f-\x9f]{1,1000}$/;

/** Parameters by name. */
export const params = z.record(
  z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,31}$/, { error: PARAMETER })
    .refine(isFreeParameter, PARAMETER),
  z.string({ error: wants('text', 'text (numbers in quotes)') }).regex(PARAMETER_VALUE, {
    error: wants('a value', '1 to 1,000 characters, no control characters'),
  }),
);
