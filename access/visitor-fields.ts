/**
 * What an instance is told of a visitor: the proxy's own word, in place of whatever a client says. Documented names:
 * X-Forwarded-User and X-Forwarded-Groups (commas in between), in UTF-8.
 */

import { withoutCookie } from './credentials.js';
import { toBytes } from './names.js';
import type { Visitor } from './visitor.js';

/** Names by which common proxies tell an identity: applications believe them, so no client may send them. */
const IDENTITY_NAMES = [
  'x-forwarded-user',
  'x-forwarded-groups',
  'x-forwarded-email',
  'x-forwarded-preferred-username',
  'x-forwarded-access-token',
  'x-auth-request-user',
  'x-auth-request-groups',
  'x-auth-request-email',
  'x-auth-request-preferred-username',
  'x-auth-request-access-token',
  'x-remote-user',
  'x-remote-groups',
  'x-remote-email',
  'x-remote-name',
  'remote-user',
  'remote-groups',
  'remote-email',
  'remote-name',
  'x-webauth-user',
  'x-webauth-groups',
  'x-webauth-role',
  'x-webauth-email',
  'x-webauth-name',
];

/** Lower case, and with `-` where CGI and its heirs see no difference: some make `_` of `.` and all other signs. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}

/** Capital and small letters are one, and all signs are, as in `plain`. */
function letterOf(name: string): number {
  const letter = name.charCodeAt(0) | 0x20;
  const isDigit = letter >= 0x30 && letter <= 0x39;
  return isDigit || (letter >= 0x61 && letter <= 0x7a) ? letter : 0x2d;
}

export class IdentityNames {
  readonly #names: ReadonlySet<string>;
  /** First letters of them: most names are let through without a copy. */
  readonly #letters: ReadonlySet<number>;

  /** @param own names that the configuration gives to identity headers. */
  constructor(own: readonly string[]) {
    this.#names = new Set([...IDENTITY_NAMES, ...own.map(plain)]);
    this.#letters = new Set([...this.#names].map(letterOf));
  }

  has(name: string): boolean {
    return this.#letters.has(letterOf(name)) && this.#names.has(plain(name));
  }
}

export class VisitorFields {
  /** Names and values in turn, as bytes. */
  readonly fields: readonly string[];

  constructor(
    visitor: Visitor,
    private readonly names: IdentityNames,
    /** Name of the cookie that carries tokens. */
    private readonly cookie: string | undefined,
    private readonly dropsAuthorization: boolean,
  ) {
    const fields: string[] = [];
    if (visitor.user !== undefined) fields.push('X-Forwarded-User', toBytes(visitor.user));
    if (visitor.groups.length > 0) fields.push('X-Forwarded-Groups', toBytes(visitor.groups.join(',')));
    this.fields = fields;
  }

  /** A client's field as the instance may have it; undefined where it may not. */
  valueOf(name: string, value: string): string | undefined {
    if (this.names.has(name)) return undefined;
    if (this.dropsAuthorization && name.length === 13 && name.toLowerCase() === 'authorization')
      return undefined;
    if (this.cookie !== undefined && name.length === 6 && name.toLowerCase() === 'cookie') {
      return withoutCookie(value, this.cookie);
    }
    return value;
  }
}
