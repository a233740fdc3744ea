/** The small types that the schema is made of: each says in its message what would be right. */
import { z } from 'zod';
import { isAddressOrBlock } from './addresses.js';
import { referenceMistake } from './references.js';
import { wants } from './wording.js';

const TEXT = 'text (numbers, true and false in quotes)';

/** Text that is not empty. */
export function text(noun = 'text', expected = TEXT) {
  const message = wants(noun, expected);
  return z.string({ error: message }).min(1, { error: message });
}

/** Text that may hold ${env:NAME} and ${file:PATH}: resolved where it is used, never before. May be empty. */
export const reference = z.string({ error: wants('text', TEXT) }).superRefine((value, context) => {
  const mistake = referenceMistake(value);
  if (mistake) context.addIssue({ code: 'custom', message: wants('a reference', mistake) });
});

/** A reference that must not be empty. */
export const secret = reference.refine((value) => value !== '', wants('text', 'text such as ${env:NAME}'));

const COMMAND = wants('a command', 'a list of a program and its arguments, such as [node, server.js]');
/** The program must have a name; an argument may be empty. */
export const command = z
  .array(reference, { error: COMMAND })
  .min(1, { error: COMMAND })
  .refine(([program]) => program !== undefined && program.trim() !== '', COMMAND);

/** Variables by name, with references in their values. */
export const environment = z
  .record(z.string().regex(/^[^=\0]+$/, { error: wants('a variable name', 'a name without =') }), reference)
  .default({});

export function flag() {
  return z.boolean({ error: wants('true or false') });
}

export function whole(least: number, most: number = Number.MAX_SAFE_INTEGER) {
  const range =
    most === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${least}`
      : `a whole number from ${least} to ${most}`;
  const error = wants(range);
  return z.number({ error }).int({ error }).min(least, { error }).max(most, { error });
}

export const port = whole(1, 65535);

const ADDRESS = wants('an address', 'HOST:PORT such as 127.0.0.1:8080 or [::1]:8080');
/** HOST:PORT, or [IPv6]:PORT. */
export const address = z
  .string({ error: ADDRESS })
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:[\]/]+):\d{1,5}$/, { error: ADDRESS })
  .refine(
    (value) => Number(value.slice(value.lastIndexOf(':') + 1)) <= 65535,
    wants('an address', 'HOST:PORT with a port of at most 65535'),
  );

const BLOCK = wants(
  'an IP address or block of them',
  'an address such as 10.1.2.3 or a block such as 10.0.0.0/8',
);
export const addressOrBlock = z.string({ error: BLOCK }).refine(isAddressOrBlock, BLOCK);

const RANGE = wants('a range of ports', 'FIRST-LAST within 1 to 65535, such as 20000-29999');
export const portRange = z
  .string({ error: RANGE })
  .regex(/^\d{1,5}-\d{1,5}$/, { error: RANGE })
  .refine((value) => {
    const [first = 0, last = 0] = value.split('-').map(Number);
    return 1 <= first && first <= last && last <= 65535;
  }, RANGE);

const CAPTURES = /\{[a-z][a-z0-9_]{0,31}\}/g;
/** With each capture as a letter, where its segment or label has but one: two could be told apart in several ways. */
function lettered(value: string, between: '/' | '.'): string {
  const parts = value.split(between);
  return parts
    .map((part) => (part.match(CAPTURES)?.length === 1 ? part.replace(CAPTURES, 'c') : part))
    .join(between);
}

const PATH = wants(
  'a path to route by',
  'a path that begins with / and has no //, no . or .. segment and none of % ? # \\ or spaces; { } around the name of a capture, one in a segment',
);
/** A path prefix, compared with what clients send as it stands: so nothing that has two spellings. */
export const routePath = z
  .string({ error: PATH })
  .refine(
    (value) => /^\/[^\s%?#\\{}]*$/.test(lettered(value, '/')) && !/\/\/|\/\.{1,2}(\/|$)/.test(value),
    PATH,
  );

const HOST = wants('a host name', 'a host name without port, such as app.example.org');
const HOST_NAME = /^(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*)$/;
/** Lower-cased; no port. */
export const routeHost = z
  .string({ error: HOST })
  .toLowerCase()
  .refine((value) => HOST_NAME.test(lettered(value, '.')), HOST);

const URL_OR_PATH = wants('a URL', 'an http:// or https:// URL, or a path that begins with /');
const WEB = wants('a URL', 'an http:// or https:// URL');
const isWeb = (value: string) => /^https?:\/\//i.test(value) && URL.canParse(value);
export const webUrl = z.string({ error: WEB }).refine(isWeb, WEB);
export const urlOrPath = z
  .string({ error: URL_OR_PATH })
  .refine((value) => isWeb(value) || /^\/(?!\/)\S*$/.test(value), URL_OR_PATH);

const STATUS = wants('a status or a range of them', '200, or a range within 100 to 599 such as 200-399');
const statusItem = z.union(
  [
    whole(100, 599),
    z.string().refine((value) => {
      const match = /^(\d{3})(?:-(\d{3}))?$/.exec(value);
      const first = Number(match?.[1]);
      const last = Number(match?.[2] ?? match?.[1]);
      return match !== null && 100 <= first && first <= last && last <= 599;
    }, STATUS),
  ],
  { error: STATUS },
);
/** Statuses of HTTP: a number, a range, or a list of them. */
export const statuses = z.union([statusItem, z.array(statusItem).min(1)], { error: STATUS });
