import { z } from 'zod';
import { span } from '../units.js';
import { flag, reference, statuses, text, webUrl } from '../values.js';
import { wants } from '../wording.js';

const SECRET = wants('a secret by reference', 'a reference such as Bearer ${env:TOKEN}');
const isSecretName = (name: string) => /auth|token|key|secret|cookie|password/i.test(name);
const callHeaders = z.record(text('the name of a header'), reference).superRefine((all, context) => {
  for (const [name, value] of Object.entries(all)) {
    // {key} names a generation, and is no secret.
    if (isSecretName(name) && !/\$\{(env|file):|\{key\}/.test(value))
      context.addIssue({ code: 'custom', path: [name], message: SECRET });
  }
});

const PATH = wants('a path', 'a path that begins with /, such as /machines/{resource}');
const POINTER = wants('a place in the answer', 'a JSON pointer such as /0 or /machine/address, or ""');
const pointer = z.string({ error: POINTER }).regex(/^(\/[^/]*)*$/, { error: POINTER });

const shape = {
  /** GET, POST, PUT, PATCH or DELETE. */
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  /** Below `url`. {name} is replaced by a parameter, {resource}, {generation} or {key} (both, which names one spawn), encoded as one segment or value. In `stop` and `delete` {id} is the instance. */
  path: z.string({ error: PATH }).regex(/^\/\S*$/, { error: PATH }),
  /** Sent as JSON; {name} within its texts is replaced as in the path. */
  body: z.record(z.string(), z.unknown()).optional(),
  /** Statuses that mean that it worked. Default: 200-299. */
  status: statuses.default('200-299'),
};
const call = z.strictObject(shape);
const lookup = z.strictObject({
  ...shape,
  /** Where the answer has the URL or HOST:PORT of the instance, or a list of them. */
  endpoint: pointer.default(''),
  /** Where the answer has the name of the instance, another one for each spawn. Default: HOST:PORT is its name. */
  id: pointer.optional(),
  /** Statuses that mean that there is none (yet). */
  absent: statuses.default(404),
  /** Statuses that mean that what was spawned has ended by itself: the boot fails at once, with what the answer says. */
  ended: statuses.default(410),
});
const list = z.strictObject({
  ...shape,
  /** Where the answer has the list of what runs. */
  items: pointer.default(''),
  /** Where an item has the name of its resource. */
  name: pointer,
  /** Where an item has the URL or HOST:PORT. */
  endpoint: pointer,
  /** Where an item has the name of the instance, as in `lookup`. */
  id: pointer.optional(),
});

/** Settings of the provider `http`. */
export const httpSettings = z.strictObject({
  /** Of the service, without what the calls add. */
  url: webUrl,
  /** Calls as a known service has them: atmosphere is that of the smart proxy. Calls of your own replace them. */
  preset: z.enum(['atmosphere'], { error: wants('a preset', 'atmosphere') }).optional(),
  /** Finds what runs. Default: that of the preset. */
  lookup: lookup.optional(),
  /** Starts one. Default: that of the preset. */
  spawn: call.optional(),
  /** Stops it; one that is gone already may answer 404. Default: it is left to the service. */
  stop: call.optional(),
  /** Removes it. Default: as stop. */
  delete: call.optional(),
  /** Lists what runs, so that workers find what runs while nothing is known to be awake. Default: only a wake looks. */
  list: list.optional(),
  /** Tells what the instance has said, as text. Default: the log has the calls alone. */
  log: call.optional(),
  /** The service takes a second spawn with the same Idempotency-Key, or {key}, for the first: then one of which nobody knows whether it was taken is sent again, rather than waited for until `boot.timeout`. */
  idempotent: flag().default(false),
  /** Sent with each call. What is secret must be a reference; {resource}, {generation} and {key} are replaced. */
  headers: callHeaders.default({}),
  /** Between two look-ups while it boots. */
  interval: span.default(500),
  /** Bound of one call. */
  timeout: span.default(10_000),
});

export type HttpCall = z.output<typeof call>;
export type HttpLookup = z.output<typeof lookup>;

/** `atmosphere`: the service of the smart proxy, whose resources are known as {as} and by the groups of their users. */
export const httpPresets: Record<'atmosphere', { lookup: HttpLookup; spawn: HttpCall }> = {
  atmosphere: {
    lookup: {
      method: 'GET',
      path: '/get_vm/{as}/for_user_with_groups/{groups}',
      status: 200,
      endpoint: '',
      absent: 404,
      ended: 410,
    },
    spawn: { method: 'POST', path: '/span_as/{as}/for_user_with_groups/{groups}', status: 202 },
  },
};
