/** Who a request is from, by the ways that the configuration names: a proxy's word, a token, a claim in the URL. */
import type { IncomingMessage } from 'node:http';
import { resolve } from 'node:path';
import type { Config, IdentityDefinition, Logger } from '../config/index.js';
import { isReveilleError, ReveilleError } from '../errors/index.js';
import { bearerOf, cookieOf } from './credentials.js';
import { KeySource } from './key-source.js';
import { fromBytes, groupsIn, isName } from './names.js';
import { type IsTrusted, plainAddress, trustedPeers } from './peer.js';
import { valuesOf } from './raw-fields.js';
import { TokenVerifier } from './token-verifier.js';
import { ANONYMOUS, type Visitor } from './visitor.js';
import { IdentityNames, VisitorFields } from './visitor-fields.js';

export type Teller = 'bearer' | 'cookie' | 'proxy' | 'claim';

/** What is known of a request's sender. */
export interface Identified {
  readonly visitor: Visitor;
  /** Instead of what the client says of itself; undefined where no identity is configured. */
  readonly fields: VisitorFields | undefined;
  /** What told it. A bearer token is the one that no browser sends by itself. */
  readonly by?: Teller | undefined;
  /** Why what was shown did not count: told where nobody may enter unknown. */
  readonly trouble?: ReveilleError | undefined;
}

export const UNASKED: Identified = { visitor: ANONYMOUS, fields: undefined };

export class Identity {
  readonly #names: IdentityNames;
  readonly #tokens: TokenVerifier | undefined;
  readonly #believed: IsTrusted;
  readonly #mayClaim: IsTrusted;
  readonly #anonymous: Identified;

  constructor(
    private readonly definition: IdentityDefinition,
    folder: string,
    log: Logger,
  ) {
    const { jwt, headers, claimedGroups } = definition;
    this.#names = new IdentityNames(headers === undefined ? [] : [headers.user, headers.groups]);
    this.#believed = trustedPeers(headers?.trusted ?? []);
    this.#mayClaim = trustedPeers(claimedGroups?.trusted ?? []);
    if (jwt !== undefined) {
      const place = /^https?:/i.test(jwt.keys) ? jwt.keys : resolve(folder, jwt.keys);
      this.#tokens = new TokenVerifier(jwt, new KeySource({ ...jwt, place, log }));
    }
    this.#anonymous = this.#known(ANONYMOUS);
  }

  /** The WWW-Authenticate field of a refusal (RFC 9110 11.6.1, RFC 6750 3). */
  challenge(invalid: boolean): string {
    if (this.#tokens === undefined) return 'Trusted-Proxy realm="reveille"';
    return `Bearer realm="reveille"${invalid ? ', error="invalid_token"' : ''}`;
  }

  /** @param claimed groups in the URL. Never throws, never rejects. */
  identify(
    request: IncomingMessage,
    claimed: readonly string[] | undefined,
  ): Identified | Promise<Identified> {
    const peer = plainAddress(request.socket.remoteAddress);
    if (claimed !== undefined) return this.#byClaim(peer, claimed);
    const told = this.#believed(peer) ? this.#byHeaders(request) : undefined;
    if (told !== undefined) return told;
    return this.#tokens === undefined ? this.#anonymous : this.#byTokens(this.#tokens, request);
  }

  #byClaim(peer: string, groups: readonly string[]): Identified {
    if (this.#mayClaim(peer)) return this.#known({ groups: groupsIn([...groups]) }, 'claim');
    const message = `Groups in the URL are not believed from ${peer}.`;
    return { ...this.#anonymous, trouble: new ReveilleError('ACCESS_DENIED', message) };
  }

  /** A field that is there twice was not written by one hand: it says nothing. */
  #byHeaders(request: IncomingMessage): Identified | undefined {
    const { headers } = this.definition;
    if (headers === undefined) return undefined;
    const users = valuesOf(request.rawHeaders, headers.user);
    const groups = valuesOf(request.rawHeaders, headers.groups);
    if (users.length > 1 || groups.length > 1) {
      const message = `The request has several ${headers.user} or ${headers.groups} fields.`;
      return { ...this.#anonymous, trouble: new ReveilleError('IDENTITY_INVALID', message) };
    }
    const user = fromBytes(users[0] ?? '').trim();
    const list = groupsIn(fromBytes(groups[0] ?? ''));
    if (!isName(user)) return list.length === 0 ? undefined : this.#known({ groups: list }, 'proxy');
    return this.#known({ user, groups: list }, 'proxy');
  }

  #byTokens(tokens: TokenVerifier, request: IncomingMessage): Identified | Promise<Identified> {
    const bearer = bearerOf(request);
    const name = this.definition.jwt?.cookie;
    const cookie = name === undefined ? undefined : cookieOf(request, name);
    if (bearer === undefined && cookie === undefined) return this.#anonymous;
    const first = this.#byToken(tokens, bearer ?? cookie ?? '', bearer === undefined ? 'cookie' : 'bearer');
    if (bearer === undefined || cookie === undefined) return first;
    // The bearer token may be the application's own.
    const orElse = (one: Identified) =>
      one.trouble === undefined ? one : this.#byToken(tokens, cookie, 'cookie');
    return first instanceof Promise ? first.then(orElse) : orElse(first);
  }

  #byToken(tokens: TokenVerifier, token: string, by: Teller): Identified | Promise<Identified> {
    const failed = (error: unknown): Identified => ({ ...this.#anonymous, trouble: named(error) });
    try {
      const visitor = tokens.visitorOf(token);
      if (!(visitor instanceof Promise)) return this.#known(visitor, by);
      return visitor.then((late) => this.#known(late, by)).catch(failed);
    } catch (error) {
      return failed(error);
    }
  }

  /** @param by absent: nothing was told. */
  #known(visitor: Visitor, by?: Teller): Identified {
    const pass = this.definition.jwt?.pass === true;
    const cookie = pass ? undefined : this.definition.jwt?.cookie;
    const fields = new VisitorFields(visitor, this.#names, cookie, by === 'bearer' && !pass);
    return { visitor, fields, by };
  }
}

function named(error: unknown): ReveilleError {
  return isReveilleError(error) ? error : new ReveilleError('INTERNAL', undefined, { cause: error });
}

/** As configured; the one before where nothing about it changed, with the keys and tokens that it knows. */
export class Identities {
  #current: Identity | undefined;
  #text = '';

  constructor(private readonly log: Logger) {}

  of({ proxy, folder }: Config): Identity | undefined {
    const text = JSON.stringify([proxy.identity, folder]);
    if (text !== this.#text) {
      this.#text = text;
      this.#current = proxy.identity && new Identity(proxy.identity, folder, this.log);
    }
    return this.#current;
  }
}
