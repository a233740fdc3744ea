/**
 * Header fields on their way through: what belongs to one connection stays behind (RFC 9110 7.6.1), who sent the
 * request is told anew (X-Forwarded-*, RFC 7239), and all others keep their case, order and bytes.
 */
import type { IncomingMessage } from 'node:http';
import { withoutCookie } from '../access/credentials.js';
import { plainAddress } from '../access/peer.js';
import { fieldOf } from '../access/raw-fields.js';
import type { VisitorFields } from '../access/visitor-fields.js';
import { SESSION_COOKIE } from '../config/index.js';
import { fieldsOf } from './client-request.js';
import { COOKIE, FRAMING, HOP, type Kind, kindOf, LENGTH, TRACE, TRAILER, UPGRADE } from './field-kinds.js';
import { portOf } from './request-target.js';

/**
 * The names that a Connection field nominates (RFC 9110 7.6.1), or undefined where it nominates none.
 * Fields that frame or address the message cannot be taken out that way.
 */
function nominated(connection: string | undefined): Set<string> | undefined {
  if (connection === undefined || !mayNominate(connection)) return undefined;
  const names = new Set<string>();
  for (const part of connection.split(',')) names.add(part.trim().toLowerCase());
  return names;
}

function mayNominate(connection: string): boolean {
  switch (connection.toLowerCase()) {
    case 'keep-alive':
    case 'close':
    case 'upgrade':
      return false;
    default:
      return true;
  }
}

/** Names that other peers' frameworks read as X-Forwarded-*: those we do not write, and spellings with other signs. */
function claimsSender(name: string): boolean {
  const first = name.charCodeAt(0);
  if (name.length < 9 || (first !== 0x78 && first !== 0x58)) return false;
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '-');
  return plain.startsWith('x-forwarded-') || plain === 'x-real-ip';
}

/** What the head of a forwarded request is made of, besides the client's own fields. */
export interface RequestHead {
  authority: string | undefined;
  requestId: string;
  /** The peer's word on who sent the request is kept and extended. */
  trusted: boolean;
  /** Taken off the path. */
  strippedPrefix: string | undefined;
  /** Instead of the client's. */
  hostHeader: string | undefined;
  /** An upgrade passes on: Connection and Upgrade are kept. */
  upgrade: boolean;
  /** What is told of the visitor, where an identity is configured. */
  visitor: VisitorFields | undefined;
  /** How the instance continues our trace (W3C Trace Context); absent, the client's own is left as it is. */
  traceparent?: string | undefined;
}

/** What is said of who sent a request, as text: the same for every request of an untrusted client's connection. */
export interface SenderText {
  authority: string | undefined;
  text: string;
}

/** The fields of a request towards the instance, as a flat list of names and values. */
export function requestHeaders(request: IncomingMessage, head: RequestHead): string[] {
  const out = ownFields(request, head);
  out.push(...senderFields(request, head));
  return out;
}

/** A request's line and fields as they are written to an instance. */
export interface WrittenHead extends RequestHead {
  method: string;
  path: string;
  /** Its body goes in chunks. */
  chunked: boolean;
}

/** @param known what was said of the sender of earlier requests of this connection. */
export function requestText(request: IncomingMessage, head: WrittenHead, known: SenderText): string {
  const own = ownFields(request, head);
  const text = withFields(`${head.method} ${head.path} HTTP/1.1\r\n`, own);
  return `${text}${senderText(request, head, known)}${head.chunked ? 'transfer-encoding: chunked\r\n' : ''}\r\n`;
}

function senderText(request: IncomingMessage, head: RequestHead, known: SenderText): string {
  if (head.trusted || head.strippedPrefix !== undefined) return withFields('', senderFields(request, head));
  if (known.text === '' || known.authority !== head.authority) {
    known.text = withFields('', senderFields(request, head));
    known.authority = head.authority;
  }
  return known.text;
}

function withFields(before: string, fields: readonly string[]): string {
  let text = before;
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return text;
}

function ownFields(request: IncomingMessage, head: RequestHead): string[] {
  const raw = request.rawHeaders;
  const gone = nominated(fieldsOf(request).connection);
  const out: string[] = [];
  // HTTP/1.0 needs none; in HTTP/1.1 one that is not known is sent empty (RFC 9112 3.2).
  out.push('Host', head.hostHeader ?? head.authority ?? '');
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const kind = kindOf(name);
    if (kind === undefined ? passes(name, head.trusted, gone) : staysInRequest(kind, name, head, gone)) {
      const value = kind === COOKIE ? withoutSession(raw[i + 1] ?? '') : (raw[i + 1] ?? '');
      if (value === undefined) continue;
      const kept = head.visitor === undefined ? value : head.visitor.valueOf(name, value);
      if (kept !== undefined) out.push(name, kept);
    }
  }
  if (head.visitor !== undefined) out.push(...head.visitor.fields);
  if (head.traceparent !== undefined) out.push('traceparent', head.traceparent);
  if (head.upgrade) out.push('Connection', 'Upgrade', 'Upgrade', request.headers.upgrade ?? '');
  out.push('X-Request-Id', head.requestId, 'Via', `${request.httpVersion} reveille`);
  return out;
}

function staysInRequest(kind: Kind, name: string, head: RequestHead, gone: Set<string> | undefined): boolean {
  if (kind === COOKIE) return passes(name, head.trusted, gone);
  if (kind !== TRACE) return kind === LENGTH;
  if (head.traceparent === undefined) return passes(name, head.trusted, gone);
  // Ours takes the place of the one; what goes with it is kept where both are of one trace.
  return head.trusted && name.length === 'tracestate'.length;
}

/** Cookies know no ports: the dashboard's under this host name is nothing for an application to have. */
function withoutSession(cookies: string): string | undefined {
  return cookies.includes(SESSION_COOKIE) ? withoutCookie(cookies, SESSION_COOKIE) : cookies;
}

function passes(name: string, trusted: boolean, gone: Set<string> | undefined): boolean {
  if (!trusted && claimsSender(name)) return false;
  return gone === undefined || !gone.has(name.toLowerCase());
}

function senderFields(request: IncomingMessage, head: RequestHead): string[] {
  const out: string[] = [];
  const peer = plainAddress(request.socket.remoteAddress);
  const secure = 'encrypted' in request.socket;
  const given = head.trusted ? request.headers : undefined;
  const host = head.authority;
  const prefix = joinPrefix(field(given?.['x-forwarded-prefix']), head.strippedPrefix);
  out.push('X-Forwarded-For', extend(field(given?.['x-forwarded-for']), peer));
  out.push('X-Forwarded-Proto', field(given?.['x-forwarded-proto']) ?? (secure ? 'https' : 'http'));
  if (host !== undefined) {
    out.push('X-Forwarded-Host', field(given?.['x-forwarded-host']) ?? host);
    out.push('X-Forwarded-Port', field(given?.['x-forwarded-port']) ?? portOf(host, secure));
  }
  if (prefix !== undefined) out.push('X-Forwarded-Prefix', prefix);
  out.push('Forwarded', extend(field(given?.forwarded), forwarded(peer, host, secure)));
  return out;
}

/** One element of RFC 7239. The host has been checked to hold no quote and no backslash. */
function forwarded(peer: string, host: string | undefined, secure: boolean): string {
  const by = peer.includes(':') ? `for="[${peer}]"` : `for=${peer}`;
  return `${by};${host === undefined ? '' : `host="${host}";`}proto=${secure ? 'https' : 'http'}`;
}

function field(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

function extend(given: string | undefined, own: string): string {
  return given === undefined || given === '' ? own : `${given}, ${own}`;
}

function joinPrefix(given: string | undefined, stripped: string | undefined): string | undefined {
  if (given === undefined || stripped === undefined) return stripped ?? given;
  return given.replace(/\/+$/, '') + stripped;
}

/** What an answer is, where its fields cannot say it. */
export interface ResponseHead {
  status: number;
  /** A refused upgrade names the protocols that would do. */
  keepUpgrade: boolean;
  /** The body goes to the client in chunks, so trailers can follow. */
  canTrail: boolean;
}

/**
 * The fields of an answer towards the client, as a flat list; several of one name stay apart.
 * @param raw names and values in turn, as they came.
 */
export function responseHeaders(raw: readonly string[], head: ResponseHead): string[] {
  const gone = nominated(fieldOf(raw, 'connection'));
  const out: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const kind = kindOf(name);
    if (kind === undefined ? gone === undefined || !gone.has(name.toLowerCase()) : keeps(kind, name, head)) {
      out.push(name, raw[i + 1] ?? '');
    }
  }
  out.push('Via', '1.1 reveille');
  return out;
}

function keeps(kind: Kind, name: string, head: ResponseHead): boolean {
  switch (kind) {
    case HOP:
    case FRAMING:
      return false;
    case UPGRADE:
      return head.keepUpgrade && name.length === 'upgrade'.length;
    case TRAILER:
      return head.canTrail;
    case LENGTH:
      // RFC 9110 8.6: none with 204.
      return head.status !== 204;
    default:
      return true;
  }
}

/** Trailers that may follow a body: none that frames, routes or belongs to a connection (RFC 9110 6.5.1). */
export function trailerFields(raw: readonly string[]): [string, string][] {
  const out: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (kindOf(name) === undefined) out.push([name, raw[i + 1] ?? '']);
  }
  return out;
}
