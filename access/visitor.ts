/** Who a request is from, as verified: what clients say of themselves is no part of it. */
export interface Visitor {
  /** Name of the user; none where nobody is signed in. */
  readonly user?: string;
  /** Groups of the user, in the order in which they were told. */
  readonly groups: readonly string[];
}

/** Nobody in particular: every visitor, where no identity is configured. */
export const ANONYMOUS: Visitor = { groups: [] };
