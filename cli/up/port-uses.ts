import { resolve } from 'node:path';
import { type Config, splitAddress } from '../../config/index.js';
import type { PortUse } from './ports.js';

/** The settings of a server of our own; undefined where an address names another. */
export function embeddedTemporal(
  config: Config,
): { port: number; uiPort: number; database: string } | undefined {
  if ('address' in config.temporal || process.env.TEMPORAL_ADDRESS) return undefined;
  const { embedded } = config.temporal;
  return { ...embedded, database: resolve(config.folder, embedded.database) };
}

export const proxyUse = (config: Config): PortUse => ({
  ...splitAddress(config.proxy.listen),
  what: 'the proxy',
  key: 'proxy.listen',
});

export const controlUse = (config: Config): PortUse => ({
  ...splitAddress(config.control.listen),
  what: 'the control address',
  key: 'control.listen',
});

/** All but the proxy's, which is bound for good at once. */
export function portsOf(config: Config): PortUse[] {
  const control = controlUse(config);
  const embedded = embeddedTemporal(config);
  if (embedded === undefined) return [control];
  const host = '127.0.0.1';
  return [
    control,
    { host, port: embedded.port, what: 'Temporal', key: 'temporal.embedded.port' },
    { host, port: embedded.uiPort, what: 'the Temporal UI', key: 'temporal.embedded.uiPort' },
  ];
}
