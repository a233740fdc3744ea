import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, resolveReferences, type SettingsOf } from '../../../config/index.js';
import { replaceFile } from '../../host/atomic.js';
import type { Home } from '../../host/groups/home.js';

const FOLDER = 'seed';

/**
 * Writes what cloud-init reads, for QEMU to show as a disk.
 * https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html
 * @returns the folder's name in the machine's own; undefined where nothing is to be seeded.
 * @throws ReveilleError REFERENCE_UNRESOLVED.
 */
export function prepareSeed(
  { cloudInit }: Pick<SettingsOf<'qemu'>, 'cloudInit'>,
  { folder }: Config,
  home: Home,
): string | undefined {
  if (cloudInit === undefined) return undefined;
  const { name } = home;
  const value = (text: string, key: string) =>
    resolveReferences(text, { env: process.env, folder, key: `resources.${name}.qemu.cloudInit.${key}` })
      .value;
  const { userData, metaData, networkConfig } = cloudInit;
  const identity = `instance-id: ${name}\nlocal-hostname: ${name}\n`;
  mkdirSync(join(home.folder, FOLDER), { recursive: true, mode: 0o700 });
  const write = (file: string, text: string) =>
    replaceFile(join(home.folder, FOLDER, file), text, home.claims.scratch);
  write('user-data', value(userData, 'userData'));
  write('meta-data', metaData === undefined ? identity : value(metaData, 'metaData'));
  if (networkConfig !== undefined) write('network-config', value(networkConfig, 'networkConfig'));
  return FOLDER;
}
