/** What a field name means to a proxy. Names that are not here pass. */
export const HOP = 1;
export const FRAMING = 2;
const HOST = 3;
const SENDER = 4;
const REQUEST_ID = 5;
export const LENGTH = 6;
export const UPGRADE = 7;
export const TRAILER = 8;
export const TRACE = 9;
export const COOKIE = 10;
export type Kind = number;

const KINDS = new Map<string, Kind>([
  ['connection', UPGRADE],
  ['upgrade', UPGRADE],
  ['keep-alive', HOP],
  ['proxy-connection', HOP],
  ['proxy-authenticate', HOP],
  ['proxy-authorization', HOP],
  ['te', HOP],
  ['http2-settings', HOP],
  // Answered by this proxy itself: see exchange.ts.
  ['expect', HOP],
  ['trailer', TRAILER],
  ['transfer-encoding', FRAMING],
  ['content-length', LENGTH],
  ['host', HOST],
  ['forwarded', SENDER],
  ['x-forwarded-for', SENDER],
  ['x-forwarded-host', SENDER],
  ['x-forwarded-proto', SENDER],
  ['x-forwarded-port', SENDER],
  ['x-forwarded-prefix', SENDER],
  ['x-request-id', REQUEST_ID],
  ['traceparent', TRACE],
  ['tracestate', TRACE],
  ['cookie', COOKIE],
]);
/** By length and first letter, so that most names are let through without a lower-case copy of them. */
const SHAPES = new Uint8Array(32 * 32);
for (const name of KINDS.keys()) SHAPES[shapeOf(name)] = 1;

function shapeOf(name: string): number {
  return name.length * 32 + (name.charCodeAt(0) & 31);
}

export function kindOf(name: string): Kind | undefined {
  if (SHAPES[shapeOf(name)] !== 1) return undefined;
  return KINDS.get(name.toLowerCase());
}
