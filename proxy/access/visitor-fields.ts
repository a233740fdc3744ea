/**
 * What an instance is told of a visitor: the proxy's own word, in place of whatever a client says. Documented names:
 * X-Forwarded-User and X-Forwarded-Groups (commas in between), in UTF-8.
 */
import type { Visitor } from '../visitor.js';
import { withoutCookie } from './credentials.js';
import { toBytes } from './names.js';

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
  'remote-user',
  'remote-groups',
  'x-webauth-user',
];

/** Lower case, and with `-` where CGI and its heirs see no difference. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** Capital and small letters are one, and `_` is `-`, as in `plain`. */
function letterOf(name: string): number {
  const code = name.charCodeAt(0);
  return code === 0x5f ? 0x2d : code | 0x20;
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
