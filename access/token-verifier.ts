/** Users and groups from JSON Web Tokens (RFC 7519), each checked once and remembered for a while. */
import { hash } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { JwtDefinition } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import type { KeySource } from './key-source.js';
import { groupsIn, isName } from './names.js';
import type { Visitor } from './visitor.js';

interface Remembered {
  visitor: Visitor;
  /** Monotonic clock, ms. */
  until: number;
  keys: number;
}

export class TokenVerifier {
  readonly #remembered = new Map<string, Remembered>();

  constructor(
    private readonly settings: JwtDefinition,
    private readonly keys: KeySource,
  ) {}

  /**
   * Who a token speaks of: at once where it was checked before.
   * @throws (or rejects with) ReveilleError IDENTITY_INVALID or IDENTITY_UNAVAILABLE.
   */
  visitorOf(token: string): Visitor | Promise<Visitor> {
    if (token.length > this.settings.maxBytes) {
      throw invalid(`The token is longer than ${this.settings.maxBytes} bytes.`);
    }
    const digest = hash('sha256', token, 'base64');
    const known = this.#remembered.get(digest);
    if (known !== undefined && known.keys === this.keys.version && performance.now() < known.until) {
      return known.visitor;
    }
    return this.#check(token, digest);
  }

  async #check(token: string, digest: string): Promise<Visitor> {
    const { issuer, audience, algorithms, leeway } = this.settings;
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, this.keys.find, {
        issuer,
        audience,
        algorithms,
        clockTolerance: leeway / 1000,
        // One without an end could never be taken back.
        requiredClaims: ['exp'],
      }));
    } catch (error) {
      if (error instanceof ReveilleError) throw error;
      throw invalid(reasonOf(error), error);
    }
    const visitor = this.#visitorIn(payload);
    this.#remember(digest, visitor, payload.exp ?? 0);
    return visitor;
  }

  #visitorIn(payload: JWTPayload): Visitor {
    const user = claimOf(payload, this.settings.user);
    if (typeof user !== 'string' || !isName(user)) {
      throw invalid(`The token's claim ${this.settings.user} is no name of a user.`);
    }
    return { user, groups: groupsIn(claimOf(payload, this.settings.groups)) };
  }

  #remember(digest: string, visitor: Visitor, expiresS: number): void {
    const { remember, remembered, leeway } = this.settings;
    const leftMs = expiresS * 1000 + leeway - Date.now();
    this.#remembered.delete(digest);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size >= remembered && oldest !== undefined) this.#remembered.delete(oldest);
    const until = performance.now() + Math.min(remember, leftMs);
    this.#remembered.set(digest, { visitor, until, keys: this.keys.version });
  }
}

/** A claim by its name, or by a path with dots. */
function claimOf(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  let value: unknown = payload;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** In words of our own: the library's message may quote the token. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired.';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf') return 'The token is not valid yet.';
    if (error.claim === 'aud') return 'The token is meant for somebody else (aud).';
    if (error.claim === 'iss') return 'The token is from another issuer (iss).';
    return `The token's claim ${error.claim} is missing or wrong.`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed)
    return 'The token is signed with an algorithm that is not allowed.';
  if (error instanceof errors.JWKSNoMatchingKey) return 'The token is signed with a key that is not known.';
  if (error instanceof errors.JWSSignatureVerificationFailed) return "The token's signature is wrong.";
  return 'The token cannot be read.';
}

function invalid(message: string, cause?: unknown): ReveilleError {
  return new ReveilleError('IDENTITY_INVALID', message, { cause });
}
