/**
 * Reading what a client asks for: the request-target and the host (RFC 9112 3.2, RFC 9110 7.2). Nothing here
 * changes a byte of what is forwarded; it only says what the bytes mean, and refuses those that are unclear.
 */
import type { IncomingMessage } from 'node:http';
import { fieldsOf } from './client-request.js';

/** What a request asks for. */
export interface Target {
  /** As the Host field or the absolute-form has it, with its port; undefined for HTTP/1.0 without Host. */
  readonly authority: string | undefined;
  /** Path and query in origin-form, byte for byte. */
  readonly path: string;
}

const NAME = /^[A-Za-z0-9._~!$&'()*+,;=%-]+(:\d{0,5})?$/;
const IPV6 = /^\[[0-9A-Fa-f:.]+\](:\d{0,5})?$/;
/** One byte each as they are written: a character beyond could become a line break (another server may rewrite url). */
const VISIBLE = /^[\x21-\x7e\x80-\xff]+$/;
const KNOWN_AUTHORITIES = 1000;
const valid = new Set<string>();

/** Whether this is `host[:port]` as RFC 3986 3.2 writes it, without user information. */
function isAuthority(text: string): boolean {
  if (valid.has(text)) return true;
  if (!NAME.test(text) && !IPV6.test(text)) return false;
  // Remembers what clients really send; bounded, since they choose it.
  if (valid.size >= KNOWN_AUTHORITIES) valid.clear();
  valid.add(text);
  return true;
}

/**
 * Takes a request's target and host apart.
 * @returns the target, or a sentence saying what is wrong with it (400).
 */
export function readTarget(request: IncomingMessage): Target | string {
  const { host, hosts } = fieldsOf(request);
  if (hosts > 1) return 'There is more than one Host field.';
  if (host === undefined && request.httpVersion !== '1.0') return 'The Host field is missing.';
  if (host !== undefined && !isAuthority(host)) return 'The Host field is not a host with an optional port.';
  const url = request.url ?? '';
  if (!VISIBLE.test(url)) return 'The request-target has characters that no URL has.';
  if (url.includes('#')) return 'A request-target has no fragment.';
  if (url.startsWith('/')) return { authority: host, path: url };
  return readAbsolute(url);
}

/** RFC 9112 3.2.2: the authority of an absolute-form replaces the Host field. */
function readAbsolute(url: string): Target | string {
  if (url.slice(0, 7).toLowerCase() !== 'http://') {
    return 'The request-target is neither a path nor an http URL.';
  }
  const rest = url.slice(7);
  const end = rest.search(/[/?]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  if (!isAuthority(authority)) return 'The request-target names no valid host.';
  const path = end < 0 ? '/' : rest.slice(end);
  return { authority, path: path.startsWith('/') ? path : `/${path}` };
}

/** The name by which routes know a host: lower case, no port, no trailing dot. */
export function hostName(authority: string): string {
  const colon = authority.lastIndexOf(':');
  const bare = colon >= 0 && !authority.endsWith(']') ? authority.slice(0, colon) : authority;
  const lower = bare.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

/** The port that an authority names, or the scheme's. */
export function portOf(authority: string, secure: boolean): string {
  const colon = authority.lastIndexOf(':');
  const named = colon >= 0 && !authority.endsWith(']') ? authority.slice(colon + 1) : '';
  return named !== '' ? named : secure ? '443' : '80';
}

/** The path without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

/**
 * Every meaning that a server could find in this path: percent-encoding decoded or not, doubled slashes merged or
 * not, backslashes as slashes or not, dot segments removed or not (with `;parameters` as some servers read them).
 * @returns undefined where the path has but one meaning.
 */
export function meaningsOf(path: string): Set<string> | undefined {
  if (!hasDoubt(path)) return undefined;
  const meanings = new Set<string>();
  for (const decoded of [path, decode(path)]) {
    for (const slashed of [decoded, decoded.replaceAll('\\', '/')]) {
      for (const merged of [slashed, slashed.replace(/\/{2,}/g, '/')]) {
        meanings.add(merged);
        meanings.add(withoutDots(merged));
        meanings.add(withoutDots(merged).replace(/\/{2,}/g, '/'));
      }
    }
  }
  return meanings;
}

const SLASH = 0x2f;
const DOT = 0x2e;
const PERCENT = 0x25;
const BACKSLASH = 0x5c;

function hasDoubt(path: string): boolean {
  let previous = 0;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code === PERCENT || code === BACKSLASH) return true;
    if (previous === SLASH && (code === SLASH || code === DOT)) return true;
    previous = code;
  }
  return false;
}

function decode(path: string): string {
  return path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** RFC 3986 5.2.4, with Tomcat's reading of `..;x` as `..`. */
function withoutDots(path: string): string {
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  segments.forEach((segment, index) => {
    const semicolon = segment.indexOf(';');
    const name = semicolon < 0 ? segment : segment.slice(0, semicolon);
    const last = index === segments.length - 1;
    if (name === '..') kept.pop();
    if (name !== '.' && name !== '..') kept.push(segment);
    else if (last) kept.push('');
  });
  return `/${kept.join('/')}`;
}
