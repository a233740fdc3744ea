import type { ProviderName } from '../../config/index.js';
import type { Provider } from './contract.js';
import type { HostServices } from './process/host.js';
import { ProcessProvider } from './process/provider.js';

export type ProviderServices = HostServices;
export type Providers = Readonly<Record<ProviderName, Provider>>;

/**
 * One of each provider, to be kept as long as the worker lives: they know how their processes ended.
 * @param services its `config` may be replaced after a reload.
 */
export function createProviders(services: ProviderServices): Providers {
  return { process: new ProcessProvider(services) };
}
