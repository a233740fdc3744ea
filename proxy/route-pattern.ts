/** Routes that capture: `{pr}.preview.example.org`, `/user/{user}`. A capture is a whole label or segment, or a part. */
import { hostName, pathOf } from './request-target.js';
import type { Pattern, Route } from './route.js';

const CAPTURE = /\{([a-z][a-z0-9_]*)\}/g;

/** @param text a host name in lower case. */
export function hostPattern(text: string): Pattern | undefined {
  return patternOf(text, '[^.]+', '$');
}

/** @param text a path prefix without a slash at its end; it ends at the end of a segment. */
export function pathPattern(text: string): Pattern | undefined {
  return patternOf(text, '[^/]+', '(?=/|$)');
}

/** @returns undefined where nothing is captured. */
function patternOf(text: string, part: string, end: string): Pattern | undefined {
  const literals = text.split(CAPTURE);
  if (literals.length === 1) return undefined;
  // The odd ones are the names of captures.
  const body = literals.map((one, index) =>
    index % 2 === 1 ? `(?<${one}>${part})` : one.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'),
  );
  const literal = literals.reduce((sum, one, index) => (index % 2 === 1 ? sum : sum + one.length), 0);
  return { test: new RegExp(`^${body.join('')}${end}`), literal };
}

/** What a route captures of a request that it was found for, by name. */
export function capturesOf(
  { host, path }: Pick<Route, 'host' | 'path'>,
  authority: string | undefined,
  target: string,
): Record<string, string> {
  return {
    ...host?.test.exec(hostName(authority ?? ''))?.groups,
    ...path?.test.exec(pathOf(target))?.groups,
  };
}

/** The part of a path that a route was found by. */
export function prefixOf({ path, prefix }: Pick<Route, 'path' | 'prefix'>, target: string): string {
  return path === undefined ? prefix : (path.test.exec(pathOf(target))?.[0] ?? '');
}
