/** What does not go together in a resource of the provider `gce`. */
import type { Contradiction } from '../contradictions.js';
import type { LooseConfigFile } from '../schema.js';
import type { Path } from '../yaml-source.js';
import { hasGpus } from './gce-schema.js';

export function gceContradictions({ resources }: LooseConfigFile): Contradiction[] {
  return Object.entries(resources).flatMap(([name, { gce, endpoint, idle, pool }]) => {
    if (gce === undefined) return [];
    const at = (...keys: string[]): Path => ['resources', name, ...keys];
    const found: Contradiction[] = [];
    const told = (paths: [Path, ...Path[]], message: string, expected: string) =>
      found.push({ paths, message, expected });

    if (endpoint.port !== 'auto') {
      const message = 'the endpoint is the address of the machine';
      told([at('endpoint', 'port'), at('gce', 'port')], message, 'gce.port');
    }
    if (gce.externalAddress === 'none' && gce.reach === 'external') {
      const message = 'a machine without an external address is not reached by it';
      told([at('gce', 'externalAddress'), at('gce', 'reach')], message, 'reach: internal');
    }
    // https://cloud.google.com/compute/docs/instances/live-migration-process and /suspend-resume-instance: limitations.
    if (gce.onHostMaintenance === 'migrate' && (hasGpus(gce) || gce.provisioning !== 'standard')) {
      const message = 'only a standard machine without GPUs can be moved to another host';
      told([at('gce', 'onHostMaintenance'), at('gce', 'provisioning')], message, 'terminate');
    }
    if (hasGpus(gce) && idle.then === 'suspend') {
      told([at('idle', 'then'), at('gce')], 'a machine with GPUs cannot be suspended', 'stop or delete');
    }
    if (pool !== undefined && gce.name !== undefined) {
      told([at('gce', 'name'), at('pool')], 'the members of a pool cannot share a machine', 'no name');
    }
    if (pool !== undefined && !['ephemeral', 'none'].includes(gce.externalAddress)) {
      const message = 'the members of a pool cannot share an address';
      told([at('gce', 'externalAddress'), at('pool')], message, 'ephemeral or none');
    }
    if (gce.container !== undefined && gce.metadata['user-data'] !== undefined) {
      const message = 'a container is told to the machine by the same key';
      told([at('gce', 'metadata', 'user-data'), at('gce', 'container')], message, 'one of the two');
    }
    if (gce.zones.includes(gce.zone)) {
      told([at('gce', 'zones'), at('gce', 'zone')], `${gce.zone} is named twice`, 'further zones only');
    }
    return found;
  });
}
