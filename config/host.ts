import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Config } from './schema.js';

/** Absolute folder of everything that Reveille writes. */
export function stateDir(config: Pick<Config, 'folder' | 'state'>): string {
  return resolve(config.folder, config.state);
}

/** The name under which this machine's instances are known. */
export function hostName(config: Pick<Config, 'worker'>): string {
  return config.worker.host ?? hostname();
}
