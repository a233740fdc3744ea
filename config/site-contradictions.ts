import type { Contradiction } from './contradictions.js';
import type { LooseConfigFile } from './schema.js';

/** Providers whose instances are in an account that others may use too. */
const CLOUDS: ReadonlySet<string> = new Set(['ec2', 'gce']);

/** Workers of several hosts would each call themselves something else, and not know what the others have created. */
export function siteContradictions({ site, temporal, resources }: LooseConfigFile): Contradiction[] {
  if (site !== undefined || 'embedded' in temporal) return [];
  const found = Object.entries(resources).find(([, { provider }]) => CLOUDS.has(provider ?? ''));
  if (found === undefined) return [];
  const [name, { provider }] = found;
  return [
    {
      paths: [['temporal'], ['resources', name, 'provider'], ['site']],
      message: `with a Temporal of others, workers may run on several hosts, and ${provider} has to know which instances are theirs: site is missing`,
      expected: 'site: NAME, the same for all workers of this Reveille and for no other one',
    },
  ];
}
