import type { ProviderName } from '../../config/index.js';
import type { HostServices } from '../host/services.js';
import { CommandProvider } from './command/provider.js';
import type { Provider } from './contract.js';
import { DockerProvider } from './docker/provider.js';
import { Ec2Provider } from './ec2/provider.js';
import { GceProvider } from './gce/provider.js';
import { HttpProvider } from './http/provider.js';
import { ProcessProvider } from './process/provider.js';
import { PulumiProvider } from './pulumi/provider.js';
import { QemuProvider } from './qemu/provider.js';

export type ProviderServices = HostServices;
export type Providers = Readonly<Record<ProviderName, Provider>>;

/**
 * One of each provider, to be kept as long as the worker lives: they know how their processes ended.
 * @param services its `config` may be replaced after a reload.
 */
export function createProviders(services: ProviderServices): Providers {
  const others = {
    process: new ProcessProvider(services),
    command: new CommandProvider(services),
    http: new HttpProvider(services),
    docker: new DockerProvider(services),
    qemu: new QemuProvider(services),
    gce: new GceProvider(services),
    ec2: new Ec2Provider(services),
  };
  const clouds = (seen: HostServices) => ({ ec2: new Ec2Provider(seen), gce: new GceProvider(seen) });
  return { ...others, pulumi: new PulumiProvider(services, others, clouds) };
}
