import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ReveilleError } from '../../errors/index.js';

/** Where sleepingd looks for its configuration. */
const places = (): string[] => [
  '/etc/default/sleepingd.conf',
  '/etc/sleepingd/sleepingd.conf',
  '/etc/sleepingd.conf',
  join(homedir(), '.sleepingd'),
  resolve('etc/sleepingd.conf'),
  resolve('etc/sleepingd/sleepingd.conf'),
];

/** The file that is meant, or the first of the usual places. @throws ReveilleError CONFIG_NOT_FOUND. */
export function findConf(file: string | undefined): string {
  const found = file === undefined ? places().find(existsSync) : resolve(file);
  if (found !== undefined) return found;
  throw new ReveilleError(
    'CONFIG_NOT_FOUND',
    `There is no sleepingd.conf: none of ${places().join(', ')} exists`,
  );
}
