type Status = number | string;

/**
 * Which statuses count as healthy.
 * @param expected a number, a range such as `200-399`, several of both behind commas, or a list of those.
 * @returns says of a status whether it is one of them.
 */
export function statusMatcher(expected: Status | readonly Status[]): (status: number) => boolean {
  const list = typeof expected === 'object' ? expected : [expected];
  const ranges = list.flatMap((entry) => String(entry).split(',')).map(parseRange);
  return (status) => ranges.some(([low, high]) => status >= low && status <= high);
}

function parseRange(text: string): [number, number] {
  const [low, high = low] = text.split('-').map((end) => Number(end.trim()));
  return [low ?? Number.NaN, high ?? Number.NaN];
}
