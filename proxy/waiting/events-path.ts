/**
 * Where a waiting page hears of its wake: below the prefix of the very route that the page was asked for by, so that
 * routing, access rules and pools treat both alike, also within a program of somebody else's (middleware.ts). The
 * name at the end keeps it from an application's own paths, another Reveille's among them.
 */
import type { IncomingMessage } from 'node:http';
import { pathOf } from '../request-target.js';
import type { Route } from '../route.js';
import { prefixOf } from '../route-pattern.js';

const BELOW = '/.reveille/wait/';

/** Whether a request along a route asks for the events of that route's wake. Looks twice only where it may be. */
export function asksForEvents(
  { method }: IncomingMessage,
  route: Pick<Route, 'path' | 'prefix' | 'label'>,
  target: string,
): boolean {
  const at = target.indexOf(BELOW);
  if (at < 0 || method !== 'GET') return false;
  return pathOf(target) === prefixOf(route, target) + BELOW + encodeURIComponent(route.label);
}

/**
 * Where a page at `target` hears of its wake: relative, since a proxy before this one may have taken away a prefix
 * that the browser knows.
 */
export function eventsUrl(route: Pick<Route, 'path' | 'prefix' | 'label'>, target: string): string {
  const prefix = prefixOf(route, target);
  const depth = pathOf(target).slice(prefix.length).split('/').length - 2;
  // At the prefix itself, without a slash, the browser stands one folder higher.
  const up = depth < 0 ? `./${prefix.slice(prefix.lastIndexOf('/') + 1)}` : `.${'/..'.repeat(depth)}`;
  return `${up}${BELOW}${encodeURIComponent(route.label)}`;
}
