import { accessSync, constants, statfsSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { type Config, imageFolder, imagesOf, stateDir } from '../../config/index.js';
import { embeddedTemporal } from '../up/port-uses.js';
import { codeOf, type Finding, findingsOf } from './finding.js';

/** With less, Temporal's database and the logs are near their end. */
const STATE_BYTES = 256 * 1024 * 1024;

/** Whether what Reveille writes can be written, and has space. */
export async function checkFolders(config: Config): Promise<Finding[]> {
  const folders = new Map<string, Folder>();
  const fetches = Object.values(config.resources).some((definition) => imagesOf(definition).length > 0);
  if (fetches)
    folders.set(imageFolder(config), { key: 'images.directory', wantedBytes: config.images.keepFree });
  const database = embeddedTemporal(config)?.database;
  if (database !== undefined)
    folders.set(dirname(database), { key: 'temporal.embedded.database', wantedBytes: STATE_BYTES });
  folders.set(stateDir(config), { key: 'state', wantedBytes: STATE_BYTES });
  return [...folders].flatMap(([path, folder]) => lookAt(path, folder));
}

interface Folder {
  /** Where the configuration has it. */
  key: string;
  wantedBytes: number;
}

function lookAt(path: string, { key, wantedBytes }: Folder): Finding[] {
  const { ok, wrong } = findingsOf('folder');
  const name = `${path} (${key})`;
  const there = existing(path);
  const user = userInfo().username;
  if (!statSync(there).isDirectory())
    return [wrong(`${name}: ${there} is not a folder`, 'Move it away, or change the setting.')];
  try {
    accessSync(there, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const why =
      codeOf(error) === 'EROFS' ? 'is on a file system that is read-only' : `is not ${user}'s to write`;
    const remedy = `chown or chmod it, or run Reveille as its owner; the setting ${key} chooses another.`;
    return [wrong(`${name}: ${there} ${why}`, remedy)];
  }
  const state = there === path ? 'can be written' : 'can be made';
  return [ok(`${name} ${state} by ${user}`), space(name, there, wantedBytes, key)];
}

function space(name: string, there: string, wantedBytes: number, key: string): Finding {
  const { ok, wrong } = findingsOf('disk');
  const { bavail, bsize } = statfsSync(there);
  const free = bavail * bsize;
  if (free >= wantedBytes) return ok(`${name}: ${megabytes(free)} are free`);
  const remedy =
    key === 'images.directory'
      ? 'Free some (`reveille image collect --all` removes what nothing uses), or lower images.keepFree.'
      : `Free some, or choose another disk with ${key}.`;
  return wrong(`${name}: ${megabytes(free)} are free, ${megabytes(wantedBytes)} should be`, remedy);
}

const megabytes = (bytes: number): string => `${Math.floor(bytes / 1e6)} MB`;

/** The nearest of a path and its parents that this user can see. */
function existing(path: string): string {
  try {
    statSync(path);
    return path;
  } catch {
    return existing(dirname(path));
  }
}
