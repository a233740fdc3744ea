import type { Config, ProviderName, ResourceDefinition } from '../../config/index.js';
import type { Finding } from './finding.js';
import { findingsOf } from './finding.js';
import { lookAtDocker, lookAtQemu } from './machines.js';
import { lookAtHttp, lookAtPrograms, lookAtPulumi } from './others.js';

/** Resources of one provider, by name. */
export type Resources = readonly (readonly [name: string, definition: ResourceDefinition])[];

/** Looks for what the resources of one provider need; names nothing twice. */
export type Look = (resources: Resources, config: Config) => Promise<Finding[]>;

const cloud: Look = async ([first]) => [
  findingsOf(first?.[1].provider ?? '').skipped(
    'credentials and rights are not looked at here: the first wake tells',
  ),
];

const looks: Record<ProviderName, Look> = {
  process: lookAtPrograms,
  command: lookAtPrograms,
  docker: lookAtDocker,
  qemu: lookAtQemu,
  http: lookAtHttp,
  pulumi: lookAtPulumi,
  ec2: cloud,
  gce: cloud,
};

/** Whether what the configured providers need is on this machine. */
export async function checkProviders(config: Config): Promise<Finding[]> {
  const byProvider = new Map<ProviderName, [string, ResourceDefinition][]>();
  for (const [name, definition] of Object.entries(config.resources)) {
    const known = byProvider.get(definition.provider) ?? [];
    byProvider.set(definition.provider, [...known, [name, definition]]);
  }
  const found = await Promise.all(
    [...byProvider].map(([provider, resources]) => looks[provider](resources, config)),
  );
  return found.flat();
}
