/** Executions of which one handed on to the next, put together. */

interface Run {
  readonly name: string;
  readonly start: number;
}

/**
 * @param runs in any order.
 * @param handsOn whether a successor went on with the same.
 * @param join what a run is together with all before it.
 * @returns `whole`: chains with their end; `open`: those whose last run is not among them, or goes on still.
 */
export function chainsOf<T extends Run>(
  runs: readonly T[],
  handsOn: (run: T) => boolean,
  join: (earlier: T, run: T) => T,
): { whole: T[]; open: T[] } {
  const whole: T[] = [];
  const before = new Map<string, T>();
  for (const run of [...runs].sort((a, b) => a.start - b.start)) {
    const earlier = before.get(run.name);
    const chain = earlier === undefined ? run : join(earlier, run);
    if (handsOn(run)) before.set(run.name, chain);
    else {
      before.delete(run.name);
      whole.push(chain);
    }
  }
  return { whole, open: [...before.values()] };
}
