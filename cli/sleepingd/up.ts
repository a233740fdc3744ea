import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { type Config, loadConfig, parseConfig } from '../../config/index.js';
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
 * `reveille up --sleepingd FILE`: the configuration is written to a file, since each part reads it by itself. Called
 * again, it reads what has changed; what is wrong leaves the file as it was.
 * @param configFile where all other settings come from; undefined: defaults, with the state in `.reveille` here.
 * @param written by the first call: it stays where it is, even where VARRUN_PATH has changed since.
 * @throws ReveilleError CONFIG_NOT_FOUND, CONFIG_INVALID.
 */
export function sleepingdConfig(
  file: string | undefined,
  configFile: string | undefined,
  written?: string,
): Sleepingd {
  const { target, text, lines, skipped } = compose(file, configFile, written);
  replaceChecked(target, text);
  return { config: { ...loadConfig(target), file: target }, lines, skipped };
}

/** What `sleepingdConfig` would make of them now, checked and not written. @throws as that does. */
export function checkSleepingd(file: string | undefined, configFile: string | undefined): Config {
  const { target, text } = compose(file, configFile);
  return parseConfig(text, target);
}

function compose(file: string | undefined, configFile: string | undefined, written?: string) {
  const { resources, services, skipped, state } = readSleepingd(file);
  const target = written ?? (configFile === undefined ? ownFile(state) : besides(configFile));
  const others = configFile === undefined ? { state: dirname(target) } : readOthers(configFile);
  const mine = Object.fromEntries(Object.entries(resources).map(([name, one]) => [name, inFolder(one)]));
  const taken = Object.keys(mine).find((name) => Object.hasOwn(others.resources ?? {}, name));
  if (taken !== undefined)
    throw new ReveilleError('CONFIG_INVALID', `${taken} is in ${configFile} and a service of sleepingd.conf`);
  const text = stringify({ ...others, resources: { ...others.resources, ...mine } });
  const lines = services.map(({ title, port }) => `${title} (port ${port}) started`);
  return { target, text, lines, skipped };
}

/** In the same folder, so that relative paths lead to the same files while it is checked. */
function replaceChecked(target: string, text: string): void {
  const unchecked = `${target}.new`;
  writeFileSync(unchecked, text, { mode: 0o600 });
  try {
    loadConfig(unchecked);
    renameSync(unchecked, target);
  } finally {
    rmSync(unchecked, { force: true });
  }
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
