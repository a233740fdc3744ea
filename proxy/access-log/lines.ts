/**
 * A line for each request, in a format that other programs read: NCSA's combined one with four fields of our own at
 * its end, or JSON. Queries are left out, also of where a client came from: they may hold secrets.
 */
import { STATUS_CODES } from 'node:http';

export interface AccessLine {
  /** When the request came. */
  at: Date;
  /** Address of the client, as far as trusted peers tell it. */
  client: string;
  user: string | undefined;
  method: string;
  /** Without its query. */
  path: string;
  httpVersion: string;
  /** 0: the client went away before an answer. */
  status: number;
  /** Of the answer, its head included. */
  bytes: number;
  referer: string | undefined;
  agent: string | undefined;
  requestId: string;
  resource: string;
  ms: number;
  /** Held until the resource was ready. */
  coldMs: number;
}

/** As nginx has it, for a client that went away. */
const LEFT = 499;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `client - user [time] "request" status bytes "referer" "agent" request-id resource ms cold-ms` */
export function combinedLine(line: AccessLine): string {
  const { client, user, method, path, httpVersion, status, bytes, requestId, resource } = line;
  return [
    bare(client),
    '-',
    bare(user),
    `[${clock(line.at)}]`,
    quoted(`${method} ${path} HTTP/${httpVersion}`),
    status === 0 ? LEFT : status,
    bytes,
    quoted(withoutQuery(line.referer)),
    quoted(line.agent),
    bare(requestId),
    bare(resource),
    Math.round(line.ms),
    Math.round(line.coldMs),
  ].join(' ');
}

export function jsonLine({ at, ms, coldMs, referer, ...line }: AccessLine): string {
  return JSON.stringify({
    time: at.toISOString(),
    ...line,
    status: line.status === 0 ? LEFT : line.status,
    reason: STATUS_CODES[line.status],
    referer: withoutQuery(referer),
    ms: Math.round(ms),
    coldMs: Math.round(coldMs),
  });
}

function withoutQuery(url: string | undefined): string | undefined {
  return url?.replace(/[?#].*$/s, '');
}

/** In UTC: `21/Nov/2026:18:06:18 +0000`. */
function clock(at: Date): string {
  const text = at.toISOString();
  const month = MONTHS[at.getUTCMonth()] ?? '';
  return `${text.slice(8, 10)}/${month}/${text.slice(0, 4)}:${text.slice(11, 19)} +0000`;
}

/** Between quotes, nothing that a client sends ends them or the line. */
function quoted(text: string | undefined): string {
  return `"${text === undefined || text === '' ? '-' : escaped(text, /["\\]|[^\x20-\x7e]/g)}"`;
}

/** A word of its own. */
function bare(text: string | undefined): string {
  return text === undefined || text === '' ? '-' : escaped(text, /["\\]|[^\x21-\x7e]/g);
}

function escaped(text: string, unsafe: RegExp): string {
  return text.replace(unsafe, (character) =>
    [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}
