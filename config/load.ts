import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConfigError } from './config-error.js';
import { findContradictions } from './contradictions.js';
import { addDiscovered, readDiscovered } from './discovered.js';
import { addInstances, type InstanceFile, readInstances } from './instances.js';
import { invalid, placed } from './report.js';
import {
  type Config,
  type ConfigFile,
  configSchema,
  type LooseConfigFile,
  looseConfigSchema,
} from './schema.js';
import { explainIssues, type SchemaFinding, valueAt } from './schema-issues.js';
import { type Path, readYaml } from './yaml-source.js';

/** The file that is taken where none is named. */
export function defaultConfigFile(cwd: string): string {
  return join(cwd, 'reveille.yaml');
}

/**
 * Reads and checks a configuration file, and the files of resources.d beside it; resources that were discovered are
 * added. References are left unresolved.
 * @param change of the files of resources.d before they are checked: what they would be.
 * @throws ConfigError CONFIG_NOT_FOUND where it cannot be read, CONFIG_INVALID with every issue there is.
 */
export function loadConfig(
  file: string,
  change: (instances: InstanceFile[]) => InstanceFile[] = (instances) => instances,
): Config {
  const config = loadOwnConfig(file, change);
  return addDiscovered(config, readDiscovered(config));
}

/** As `loadConfig`, without what was discovered. */
export function loadOwnConfig(
  file: string,
  change: (instances: InstanceFile[]) => InstanceFile[] = (instances) => instances,
): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new ConfigError('CONFIG_NOT_FOUND', `${file} cannot be read${why}`, [], cause);
  }
  const config = parseConfig(text, file);
  return { ...config, ...addInstances(config, change(readInstances(config.folder))) };
}

/**
 * Checks the text of a configuration. A file whose YAML is broken is told that alone: what else it says would
 * be a guess.
 * @param file names the text in messages; its folder is where relative paths begin.
 * @throws ConfigError CONFIG_INVALID with every issue, in the order of the file.
 */
export function parseConfig(text: string, file: string): Config {
  const source = readYaml(text);
  const findings = [...source.findings];
  let config: ConfigFile | undefined;
  if (source.data !== undefined) {
    // An empty file, or one of comments only, is a configuration of defaults.
    const checked = checkData(source.data ?? {});
    config = checked.config;
    findings.push(...checked.findings.map((finding) => placed(finding, source)));
  }
  if (findings.length > 0 || config === undefined) throw invalid(findings, file);
  const path = resolve(file);
  return { ...config, file: path, folder: dirname(path) };
}

function checkData(data: unknown): { config: ConfigFile | undefined; findings: SchemaFinding[] } {
  const result = configSchema.safeParse(data);
  if (result.success) return { config: result.data, findings: contradictions(result.data, []) };
  const findings = explainIssues(configSchema, data, result.error.issues);
  return { config: undefined, findings: [...findings, ...contradictionsOfTheRest(data, findings)] };
}

/** Takes out what is wrong, to look for contradictions in what is left: so that they are all told at once. */
function contradictionsOfTheRest(data: unknown, findings: readonly SchemaFinding[]): SchemaFinding[] {
  const rest: unknown = structuredClone(data);
  const removed: Path[] = [];
  // What is missing is mended by no removal; the loose schema says whether it matters.
  let wrong = findings.filter(({ path }) => valueAt(data, path) !== undefined);
  // Each turn takes something out; what lacks a part goes with its parent, so a few turns reach the top.
  for (let turn = 0; turn < 6; turn++) {
    const before = removed.length;
    for (const { path } of wrong) {
      const gone = removed.slice(before).some((other) => isWithin(path, other));
      if (!gone) removed.push(removeAt(rest, path));
    }
    const result = looseConfigSchema.safeParse(rest);
    if (result.success) return contradictions(result.data, removed);
    wrong = explainIssues(looseConfigSchema, rest, result.error.issues);
  }
  return [];
}

/** Removes the value at `path`, or the nearest thing around it that exists. @returns what was removed. */
function removeAt(data: unknown, path: Path): Path {
  let holder: unknown = data;
  let depth = 0;
  for (; depth < path.length - 1; depth++) {
    const next = child(holder, path[depth]);
    if (child(next, path[depth + 1]) === undefined) break;
    holder = next;
  }
  const part = path[depth];
  if (typeof holder === 'object' && holder !== null && part !== undefined)
    Reflect.deleteProperty(holder, part);
  return path.slice(0, depth + 1);
}

function child(holder: unknown, part: string | number | undefined): unknown {
  if (typeof holder !== 'object' || holder === null || part === undefined) return undefined;
  return Object.hasOwn(holder, part) ? (holder as Record<string | number, unknown>)[part] : undefined;
}

function contradictions(config: LooseConfigFile, removed: readonly Path[]): SchemaFinding[] {
  return findContradictions(config)
    .filter(
      ({ paths }) =>
        !paths.some((path) => removed.some((gone) => isWithin(path, gone) || isWithin(gone, path))),
    )
    .map(({ paths, atKey = false, message, expected }) => ({ path: paths[0], atKey, message, expected }));
}

/** Whether `path` is `outer` or lies below it. */
function isWithin(path: Path, outer: Path): boolean {
  return outer.every((part, index) => part === path[index]);
}
