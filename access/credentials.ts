/** Tokens that a request carries. */
import type { IncomingMessage } from 'node:http';
import { fieldOf } from './raw-fields.js';

/** The bearer token of a request (RFC 6750 2.1), if it has just one Authorization field. */
export function bearerOf(request: IncomingMessage): string | undefined {
  const match = /^bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(fieldOf(request.rawHeaders, 'authorization') ?? '');
  return match?.[1];
}

/**
 * A cookie's value. One that is there twice is none: whoever controls a neighbouring host name can add a cookie to
 * those of a browser, and which of the two comes first says nothing.
 */
export function cookieOf(request: IncomingMessage, name: string): string | undefined {
  let found: string | undefined;
  for (const [key, value] of pairs(fieldsJoined(request))) {
    if (key !== name) continue;
    if (found !== undefined) return undefined;
    found = value;
  }
  return found;
}

function fieldsJoined(request: IncomingMessage): string {
  const raw = request.rawHeaders;
  const fields: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() === 'cookie') fields.push(raw[i + 1] ?? '');
  }
  return fields.join(';');
}

function* pairs(cookies: string): Generator<[string, string]> {
  for (const part of cookies.split(';')) {
    const equals = part.indexOf('=');
    const value = equals < 0 ? '' : part.slice(equals + 1).trim();
    yield [(equals < 0 ? part : part.slice(0, equals)).trim(), value.replace(/^"(.*)"$/, '$1')];
  }
}

/** A Cookie field without one cookie; undefined where nothing is left. */
export function withoutCookie(cookies: string, name: string): string | undefined {
  const kept = cookies.split(';').filter((part) => {
    const equals = part.indexOf('=');
    return (equals < 0 ? part : part.slice(0, equals)).trim() !== name;
  });
  const rest = kept.join(';').trim();
  return rest === '' ? undefined : rest;
}
