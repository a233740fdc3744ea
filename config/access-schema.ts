/** Who may use and who may wake what, and how the proxy learns who somebody is. */
import { z } from 'zod';
import { isLoopback } from './addresses.js';
import { duration, size, span } from './units.js';
import { addressOrBlock, flag, routePath, text, whole } from './values.js';
import { wants } from './wording.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const HEADER = wants('a header name', 'a header name such as X-Forwarded-User');
const headerName = z.string({ error: HEADER }).regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: HEADER });

const GROUP = wants('a group', 'the name of a group, without commas and line breaks');
/** Groups are told to instances in one field, with commas in between. */
const group = z.string({ error: GROUP }).regex(/^[^\s,\p{Cc}]([^,\p{Cc}]*[^\s,\p{Cc}])?$/u, { error: GROUP });

const KEYS = wants('a place of keys', 'an https:// URL (http:// on loopback only), or a file');
const keys = z.string({ error: KEYS }).refine((value) => {
  if (!/^https?:\/\//i.test(value)) return value !== '' && !value.includes('://');
  if (!URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return protocol === 'https:' || isLoopback(hostname);
}, KEYS);

/** All of them are asymmetric: with a key that anybody may have, nobody can sign. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

const jwt = z.strictObject({
  /** Public keys that sign tokens, as a JWKS: its https:// URL, or a file. Relative to the configuration's folder. */
  keys,
  /** The token's `iss`, to the letter. */
  issuer: text('an issuer'),
  /** The token's `aud` must name this, or one of these. */
  audience: z.union([text(), z.array(text()).min(1)], {
    error: wants('an audience', 'a text or a list of texts'),
  }),
  /** Algorithms that a token may be signed with. */
  algorithms: z
    .array(z.enum(ALGORITHMS))
    .min(1)
    .default([...ALGORITHMS]),
  /** Name of a cookie that carries a token, for browsers. A bearer token comes first. */
  cookie: z
    .string()
    .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, {
      error: wants('a cookie name', 'a cookie name such as session'),
    })
    .optional(),
  /** Claim with the user's name: its name, or a path with dots such as profile.login. */
  user: text('a claim').default('sub'),
  /** Claim with the user's groups, a list or a text with commas: its name, or a path such as realm_access.roles. */
  groups: text('a claim').default('groups'),
  /** How far the clocks of issuer and proxy may differ. */
  leeway: duration.default(30 * SECOND),
  /** The longest token that is looked at. */
  maxBytes: size.default(8 * 1024),
  /** How old keys may get before they are fetched anew. */
  refresh: span.default(10 * MINUTE),
  /** How old keys may get while they cannot be fetched; from then on nobody is known. */
  stale: span.default(24 * 60 * MINUTE),
  /** Least time between two fetches, also where tokens name keys that are not known. */
  retry: span.default(10 * SECOND),
  /** Bound of one fetch of the keys. */
  timeout: span.default(5 * SECOND),
  /** How long a checked token is taken at its word, at most until it expires. */
  remember: span.default(MINUTE),
  /** Checked tokens that are remembered. */
  remembered: whole(1).default(10_000),
  /** Hand the token on to the instance, which could then use it in the visitor's name. */
  pass: flag().default(false),
});

const trusted = z
  .array(addressOrBlock)
  .min(1, { error: wants('a list of addresses', 'at least one address') });

const headers = z.strictObject({
  /** Addresses or CIDR blocks of the proxies that are believed, such as that of oauth2-proxy. */
  trusted,
  /** Header with the user's name. */
  user: headerName.default('X-Forwarded-User'),
  /** Header with the user's groups, with commas in between. */
  groups: headerName.default('X-Forwarded-Groups'),
});

const claimedGroups = z.strictObject({
  /** Where it begins: PATH/RESOURCE/GROUP,GROUP/rest leads to /rest of that resource. */
  path: routePath.default('/smart_proxy'),
  /** Addresses or CIDR blocks that may claim groups. Nobody checks what they claim. */
  trusted,
});

/** `proxy.identity` */
export const identitySchema = z.strictObject({
  /** Users and groups from a JSON Web Token, sent as a bearer token or in a cookie. */
  jwt: jwt.optional(),
  /** Users and groups from header fields that a proxy in front has set. */
  headers: headers.optional(),
  /** Groups from the URL, as the smart proxy of old took them. */
  claimedGroups: claimedGroups.optional(),
});

const accessRule = z.strictObject({
  /** One of these users. */
  users: z.array(text('a user')).min(1).optional(),
  /** A member of all of these groups. */
  groups: z.array(group).min(1).optional(),
  /** From one of these addresses or CIDR blocks. */
  addresses: z.array(addressOrBlock).min(1).optional(),
});

/** Who: a rule of which everything must hold, or several of which one must. */
export const accessSchema = z.union([z.literal('signed-in'), accessRule, z.array(accessRule).min(1)], {
  error: wants('an access rule', 'signed-in, { groups: [staff] } or a list of such rules'),
});

const PATTERN = wants('a pattern', 'text in which * stands for anything, such as "*bot*"');
const METHOD = wants('a method', 'a method in capitals, such as GET');
/** What tells requests apart; all that it names must fit. */
export const requestPattern = z.strictObject({
  /** One of these methods. */
  methods: z
    .array(z.string({ error: METHOD }).regex(/^[A-Z][A-Z-]*$/, { error: METHOD }))
    .min(1)
    .optional(),
  /** The whole path without its query; * stands for anything. Encoded spellings of a path count as the path. */
  path: z
    .string({ error: PATTERN })
    .regex(/^[/*][^\s?#]*$/, { error: wants('a path', 'a path such as /healthz or /api/*') })
    .optional(),
  /** Header fields, each with what it has to be; * stands for anything, capitals count as small letters. */
  header: z.record(headerName, z.string({ error: PATTERN })).optional(),
  /** From one of these addresses or CIDR blocks. */
  addresses: z.array(addressOrBlock).min(1).optional(),
});

/** A resource's `wake`. */
export const wakeSchema = z.strictObject({
  /** Who may wake it. Default: all who may use it. The others may use it while it is awake. */
  by: accessSchema.optional(),
  /** Only requests that fit one of these wake it. Default: all. */
  allow: z.array(requestPattern).min(1).optional(),
  /** Requests that fit one of these do not wake it, allowed or not. */
  deny: z.array(requestPattern).default([]),
  /** Bound of how often it is woken through one proxy, whoever asks. */
  limit: z
    .strictObject({
      /** Wakes in that time; more are refused with 429. */
      count: whole(1).default(600),
      /** The time. */
      every: span.default(MINUTE),
    })
    .prefault({}),
});

const TYPE = wants('a media type', 'a media type such as application/json');
/** One entry of a resource's `asleep`. */
export const asleepSchema = requestPattern.extend({
  /** Status of the answer. */
  status: whole(200, 599).default(200),
  /** Body of the answer. */
  body: z.string({ error: wants('text') }).default(''),
  /** Its media type. */
  type: z
    .string({ error: TYPE })
    .regex(/^[\x21-\x7e]+\/[\x20-\x7e]+$/, { error: TYPE })
    .default('text/plain; charset=utf-8'),
});

/** `proxy.wakes`: the bound of how often one visitor wakes something. */
export const wakesSchema = z.strictObject({
  /** Wakes of one user, or of one address (IPv6: one /64) where nobody is signed in; more are refused with 429. */
  perVisitor: whole(1).default(600),
  /** The time in which they are counted. Each proxy counts for itself. */
  every: span.default(MINUTE),
  /** Visitors that are counted at the same time. */
  visitors: whole(1).default(10_000),
});

export type IdentityDefinition = z.output<typeof identitySchema>;
export type JwtDefinition = z.output<typeof jwt>;
export type AccessDefinition = z.output<typeof accessSchema>;
export type RequestPattern = z.output<typeof requestPattern>;
export type WakeDefinition = z.output<typeof wakeSchema>;
export type AsleepAnswer = z.output<typeof asleepSchema>;
