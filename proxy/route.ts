import type { Visitor } from '../access/visitor.js';
import type { Params } from '../config/index.js';
import type { ReveilleError } from '../errors/index.js';
import type { Gate } from './gate-contract.js';

/** A host or a path prefix with captures, ready to be compared. */
export interface Pattern {
  readonly test: RegExp;
  /** Characters of its own: the more, the sooner it is tried. */
  readonly literal: number;
}

/** One route, with what forwarding along it needs. */
export interface Route {
  /** The resource that is entered; of a pool its own name, until it has chosen a member. */
  readonly resource: string;
  /** A name of the configuration: under it numbers are shown. */
  readonly label: string;
  /** The resource of the configuration whose rules hold: of a member made from a template the template. */
  readonly rulesOf: string;
  /** Who chooses the resource, where the name stands for several. */
  readonly pool: Pool | undefined;
  /** Without a trailing slash; empty for all paths. With captures as the configuration has them until chosen. */
  readonly prefix: string;
  /** Where its host or prefix captures. */
  readonly host: Pattern | undefined;
  readonly path: Pattern | undefined;
  readonly strip: boolean;
  /** Host field towards the instance; undefined keeps the client's. */
  readonly hostHeader: string | undefined;
  /** Clients may see the resource's log. */
  readonly showLog: boolean;
  /** Groups that the URL itself names; see access/claimed-url.ts. */
  readonly claimedGroups?: readonly string[];
  /** What the member that was chosen is made from. */
  readonly params?: Params | undefined;
  /** Value of a Set-Cookie that brings the client back to the same member. */
  readonly cookie?: string | undefined;
}

/** What a pool chooses by. */
export interface Asked {
  readonly authority: string | undefined;
  /** Path and query. */
  readonly target: string;
  readonly visitor: Visitor;
  /** Of the client, as far as it is known. */
  readonly address: string;
  /** Whether the visitor may use a resource. */
  allows(resource: string): boolean;
  /** The error for a visitor for whom there is no member: 401 where being known could help. */
  refusal(what: string): ReveilleError;
  /** The Cookie field. */
  readonly cookies: string | undefined;
}

/** Chooses among several resources that share a route. */
export interface Pool {
  /**
   * @returns the route to one member.
   * @throws ReveilleError CAPTURE_REFUSED, and those of `refusal`.
   */
  choose(route: Route, asked: Asked, gate: Pick<Gate, 'standing' | 'nudge'>): Route;
}
