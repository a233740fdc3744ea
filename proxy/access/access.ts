/** Who may use which resource. */
import type { IncomingMessage } from 'node:http';
import { clientAddress } from '../../access/client-address.js';
import { type Identified, type Identity, UNASKED } from '../../access/identity.js';
import type { IsTrusted } from '../../access/peer.js';
import { type AccessRule, accessRule } from '../../access/rules.js';
import type { Visitor } from '../../access/visitor.js';
import type { Config } from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';
import type { Route } from '../router.js';

export interface Admission {
  readonly who: Identified;
  /** Why they may not. */
  readonly refused: ReveilleError | undefined;
}

export class Access {
  readonly #rules = new Map<string, AccessRule>();

  constructor(
    config: Config,
    private readonly identity: Identity | undefined,
    private readonly isTrusted: IsTrusted,
  ) {
    for (const [name, { access }] of Object.entries(config.resources)) {
      if (access !== undefined) this.#rules.set(name, accessRule(access));
    }
  }

  /** Whether this is needed at all. */
  get isOpen(): boolean {
    return this.identity === undefined && this.#rules.size === 0;
  }

  /** Who a request is from, and whether they may use what its route leads to. Never rejects. */
  admit(request: IncomingMessage, route: Route): Admission | Promise<Admission> {
    const who = this.identity?.identify(request, route.claimedGroups) ?? UNASKED;
    if (who instanceof Promise) return who.then((late) => this.#admission(request, route, late));
    return this.#admission(request, route, who);
  }

  #admission(request: IncomingMessage, { resource }: Route, who: Identified): Admission {
    return { who, refused: this.#refusalOf(request, resource, who) };
  }

  /** Whether a visitor may use a resource: also for choosing among several. @param address the client's. */
  allows(resource: string, visitor: Visitor, address: () => string): boolean {
    return this.#rules.get(resource)?.allows(visitor, address) ?? true;
  }

  #refusalOf(request: IncomingMessage, resource: string, who: Identified): ReveilleError | undefined {
    const rule = this.#rules.get(resource);
    if (rule === undefined) return undefined;
    if (rule.allows(who.visitor, () => clientAddress(request, this.isTrusted))) return undefined;
    return this.refusal(rule, who, `${resource} is not for everybody`);
  }

  /** 401 where being known could help, else 403. @param what is refused, as the beginning of a sentence. */
  refusal({ asksWho }: AccessRule, { visitor, trouble }: Identified, what: string): ReveilleError {
    const unknown = visitor.user === undefined && visitor.groups.length === 0;
    if (!asksWho || !unknown) {
      return new ReveilleError('ACCESS_DENIED', `${what}, and ${nameOf(visitor)} may not.`);
    }
    if (trouble?.code === 'IDENTITY_INVALID' || trouble === undefined) {
      const code = trouble?.code ?? 'IDENTITY_REQUIRED';
      const challenge = this.identity?.challenge(trouble !== undefined);
      return new ReveilleError(code, trouble?.message ?? `${what}.`, {
        cause: trouble?.cause,
        ...(challenge === undefined ? {} : { challenge }),
      });
    }
    return trouble;
  }
}

function nameOf({ user, groups }: Visitor): string {
  if (user !== undefined) return user;
  return groups.length > 0 ? 'a member of these groups' : 'this address';
}
