import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { type Config, loadConfig } from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';
import { readSleepingd } from './import.js';

/** A sleepingd.conf made a configuration that the parts of `up` can read. */
export interface Sleepingd {
  config: Config & { file: string };
  /** What to say of each service, as sleepingd does. */
  lines: string[];
  /** Sections that were left out and why. */
  skipped: readonly string[];
}

/**
 * `reveille up --sleepingd FILE`: the configuration is written to a file, since each part reads it by itself.
 * @param configFile where all other settings come from; undefined: defaults, with the state in `.reveille` here.
 * @throws ReveilleError CONFIG_NOT_FOUND, CONFIG_INVALID.
 */
export function sleepingdConfig(file: string | undefined, configFile: string | undefined): Sleepingd {
  const { resources, services, skipped, state } = readSleepingd(file);
  const target = configFile === undefined ? ownFile(state) : besides(configFile);
  const others = configFile === undefined ? { state: dirname(target) } : readOthers(configFile);
  const mine = Object.fromEntries(Object.entries(resources).map(([name, one]) => [name, inFolder(one)]));
  const taken = Object.keys(mine).find((name) => Object.hasOwn(others.resources ?? {}, name));
  if (taken !== undefined)
    throw new ReveilleError('CONFIG_INVALID', `${taken} is in ${configFile} and a service of sleepingd.conf`);
  const text = stringify({ ...others, resources: { ...others.resources, ...mine } });
  writeFileSync(target, text, { mode: 0o600 });
  const lines = services.map(({ title, port }) => `${title} (port ${port}) started`);
  return { config: { ...loadConfig(target), file: target }, lines, skipped };
}

function ownFile(state: string | undefined): string {
  const folder = resolve(state ?? '.reveille');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return join(folder, 'sleepingd.yaml');
}

/** In the same folder: there its relative paths begin. */
function besides(configFile: string): string {
  return join(dirname(configFile), '.sleepingd.reveille.yaml');
}

function readOthers(configFile: string): { state?: string; resources?: object } {
  // Checked first, so that a mistake is told with its place in that file.
  loadConfig(configFile);
  return parse(readFileSync(configFile, 'utf8')) ?? {};
}

/** Commands of sleepingd run where the daemon was started. */
function inFolder(resource: object): object {
  const command = 'command' in resource ? Object(resource.command) : {};
  return { ...resource, command: { ...command, cwd: process.cwd() } };
}
