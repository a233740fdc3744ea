import { findEngine } from '#scripts/engines.mjs';

/**
 * For tests that use a real program: `test(name, needs('tctl'), …)`. Where the program is absent the test is
 * skipped and says so; with CI=true the runner counts such a skip as a failure.
 */
export function needs(name: string): { skip: string | false } {
  return { skip: findEngine(name) === undefined ? `engine absent: ${name}` : false };
}

/** The path of a program that `needs` has vouched for: temporal, tctl, jupyter, or a name on PATH. */
export function engine(name: string): string {
  const path = findEngine(name);
  if (path === undefined) throw new Error(`engine absent: ${name}`);
  return path;
}
