/** Access rules of the configuration, as functions. */
import type { AccessDefinition } from '../config/index.js';
import { type IsTrusted, trustedPeers } from './peer.js';
import type { Visitor } from './visitor.js';

/** Whether somebody may; the address is asked for only where a rule needs it. */
export interface AccessRule {
  /** Whether who somebody is matters: signing in could help. */
  readonly asksWho: boolean;
  allows(visitor: Visitor, address: () => string): boolean;
}

/** @throws ReveilleError CONFIG_INVALID. */
export function accessRule(definition: AccessDefinition): AccessRule {
  if (definition === 'signed-in') {
    return { asksWho: true, allows: ({ user }) => user !== undefined };
  }
  const rules = [definition].flat().map((rule) => {
    const inBlocks: IsTrusted | undefined = rule.addresses && trustedPeers(rule.addresses);
    return (visitor: Visitor, address: () => string): boolean =>
      (rule.users === undefined || (visitor.user !== undefined && rule.users.includes(visitor.user))) &&
      (rule.groups?.every((group) => visitor.groups.includes(group)) ?? true) &&
      (inBlocks === undefined || inBlocks(address()));
  });
  return {
    asksWho: [definition].flat().some(({ users, groups }) => users !== undefined || groups !== undefined),
    allows: (visitor, address) => rules.some((rule) => rule(visitor, address)),
  };
}
