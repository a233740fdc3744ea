/** What does not go together in a resource of the provider `pulumi`. */
import type { Contradiction } from '../contradictions.js';
import type { LooseConfigFile } from '../schema.js';
import type { Path } from '../yaml-source.js';

export function pulumiContradictions({ resources }: LooseConfigFile): Contradiction[] {
  return Object.entries(resources).flatMap(([name, { pulumi, lease, pool }]) => {
    if (pulumi === undefined) return [];
    const at = (...keys: string[]): Path => ['resources', name, ...keys];
    const found: Contradiction[] = [];
    // Of the template local, the instance is a process, whose port is kept for as long as a lease may be stretched.
    if (pulumi.template !== 'local' && !keepsAddress(pulumi) && lease.stretch > 0) {
      found.push({
        paths: [at('pulumi'), at('lease', 'stretch')],
        message:
          'the cloud may give the address to another instance at once, and lease.stretch lets proxies use it longer',
        expected: 'lease: { stretch: 0 } beside it, or keepsAddress: true where nobody else gets it',
      });
    }
    if (pulumi.template === 'local' && pulumi.args.folder !== undefined && pool !== undefined) {
      const message = 'the members of a pool cannot share a folder';
      found.push({
        paths: [at('pulumi', 'args', 'folder'), at('pool')],
        message,
        expected: 'no such line: each has one of its own',
      });
    }
    return found;
  });
}

type Settings = NonNullable<LooseConfigFile['resources'][string]['pulumi']>;

/** An address that a template of ours reserves, the private one of a machine that exists, or what the user knows of. */
function keepsAddress({ keepsAddress: told, template, args }: Settings): boolean {
  if (told) return true;
  if (template === 'aws-vm' || template === 'aws-container')
    return args.elasticIp === true || args.address === 'private';
  if (template === 'gcp-vm' || template === 'gcp-container') return args.externalAddress !== 'ephemeral';
  return false;
}
