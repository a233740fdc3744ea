/** What callers may send. Unknown fields are refused: a misspelt `force` must not be passed over. */
import { z } from 'zod';
import { instanceSchema, parseDuration, readWants } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';

const MAX_LINES = 10_000;
/** Of a resource, or of a pool's member. */
export const RESOURCE_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** A leap year. */
const MAX_HOURS = 8784;
/** As a pattern that every reader of the OpenAPI document understands. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
const NO_CONTROLS = /^[^\x00-\x1f\x7f-\x9f]*$/;

const flag = z.boolean({ error: 'expected true or false' });
/** One line of text: it stands in histories and logs. */
const reason = z
  .string()
  .max(200, 'expected at most 200 characters')
  .regex(NO_CONTROLS, 'expected no control characters');
const mode = z.enum(['stop', 'suspend', 'delete'], { error: 'expected stop, suspend or delete' });
const span = z
  .string()
  .regex(/^([0-9]{1,6}(\.[0-9]{1,3})?(ms|s|m|h|d)){1,5}$/, 'expected a duration such as 30m or 2h')
  .transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms > 0) return ms;
    context.addIssue({ code: 'custom', message: 'expected a duration above zero' });
    return z.NEVER;
  });
const future = z.union([z.iso.datetime({ offset: true }), z.number().int()], {
  error: 'expected an ISO 8601 time such as 2030-01-31T18:00:00Z, or milliseconds since 1970',
});
/** In a query `?wait` and `?wait=true` say yes. */
const queryFlag = z
  .enum(['', 'true', 'false'], { error: 'expected true or false' })
  .transform((text) => text !== 'false');

const CONFIRMED = z.literal('yes', {
  error: 'deleting cannot be undone: expected ?confirm=yes',
});

const wakeBody = z.strictObject({ wait: flag.optional(), reason: reason.optional() });
const stopBody = z.strictObject({
  then: mode.optional(),
  force: flag.optional(),
  wait: flag.optional(),
  reason: reason.optional(),
});
const pinBody = z
  .strictObject({ for: span.optional(), until: future.optional(), reason: reason.optional() })
  .refine((body) => body.for === undefined || body.until === undefined, 'give either for or until');

/** Of sign-in: as long as any token may be. */
export const sessionBody = z.strictObject({
  token: z.string().min(1).max(4096, 'expected at most 4096 characters'),
});

export const bodies = {
  wake: wakeBody,
  stop: stopBody,
  pin: pinBody,
  put: instanceSchema,
  none: z.strictObject({}),
} as const;
export const queries = {
  none: z.strictObject({}),
  wait: z.strictObject({ wait: queryFlag.optional() }),
  delete: z.strictObject({ confirm: CONFIRMED, wait: queryFlag.optional() }),
  timeline: z.strictObject({
    hours: z.coerce
      .number({ error: 'expected a number' })
      .int('expected a whole number')
      .min(1, 'expected 1 or more')
      .max(MAX_HOURS, `expected at most ${MAX_HOURS}`)
      .default(24),
  }),
  logs: z.strictObject({
    lines: z.coerce
      .number({ error: 'expected a number' })
      .int('expected a whole number')
      .min(0, 'expected 0 or more')
      .max(MAX_LINES, `expected at most ${MAX_LINES}`)
      .default(100),
    follow: queryFlag.default(false),
  }),
} as const;

/**
 * @param where `body` or `query`: named in the error.
 * @throws ReveilleError USAGE naming every field that is wrong.
 */
export function read<T extends z.ZodType>(schema: T, value: unknown, where: 'body' | 'query'): z.output<T> {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  throw new ReveilleError('USAGE', result.error.issues.map((issue) => told(issue, where)).join('; '));
}

function told(issue: z.core.$ZodIssue, where: string): string {
  if (issue.code === 'unrecognized_keys') return `unknown field in the ${where}: ${issue.keys.join(', ')}`;
  const path = [where, ...issue.path].join('.');
  const expected = readWants(issue.message)?.expected;
  return `${path}: ${expected === undefined ? issue.message : `expected ${expected}`}`;
}

/**
 * Until when a pin holds, in milliseconds since 1970; undefined: until unpinned.
 * @throws ReveilleError USAGE where that time is over.
 */
export function pinnedUntil(body: z.output<typeof pinBody>, now: number): number | undefined {
  if (body.for !== undefined) return now + body.for;
  if (body.until === undefined) return undefined;
  const until = typeof body.until === 'number' ? body.until : Date.parse(body.until);
  if (until <= now) throw new ReveilleError('USAGE', `body.until: ${body.until} is over`);
  return until;
}
