/** Tags by which instances are known. They hold names and numbers, never a setting that could be a secret. */
export const TAGS = {
  /** Which Reveille it belongs to: `site`, or the id of a state folder. */
  owner: 'reveille:owner',
  resource: 'reveille:resource',
  /** Whose it is now: a boot writes its own before it starts or takes over an instance. */
  generation: 'reveille:generation',
  /** The generation whose stop has begun: nothing is started for that one any more. */
  asleep: 'reveille:asleep',
  /** The generation that took it over while it ran: somebody may hold leases from before. */
  adopted: 'reveille:adopted',
  /** Of the settings that it was made from. Only on what Reveille has created: nothing else is ever terminated. */
  made: 'reveille:made',
  /** JSON: what the member of a pool was made from. Long ones go on in reveille:params.1 and so on. */
  params: 'reveille:params',
} as const;

/** EC2's bound of a tag's value. */
const VALUE_CHARS = 256;

export type Tags = Readonly<Record<string, string>>;

/** The parameters of a pool's member as tags. */
export function paramsToTags(params: Tags): Tags {
  if (Object.keys(params).length === 0) return {};
  const text = JSON.stringify(params);
  const parts = text.match(new RegExp(`.{1,${VALUE_CHARS}}`, 'gs')) ?? [];
  return Object.fromEntries(parts.map((part, index) => [partName(index), part]));
}

/** @returns undefined where there are none, or somebody has written something else there. */
export function paramsFromTags(tags: Tags): Record<string, string> | undefined {
  let text = '';
  for (let index = 0; tags[partName(index)] !== undefined; index++) text += tags[partName(index)];
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    return undefined;
  }
}

const partName = (index: number): string => (index === 0 ? TAGS.params : `${TAGS.params}.${index}`);
