/**
 * Resources that the API has made: one file each in `resources.d/` beside the configuration, which names a template
 * pool and the parameters to fill it with. Each becomes a resource like those of the configuration.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from './config-error.js';
import { type Contradiction, findContradictions } from './contradictions.js';
import { keyParts, type Params } from './members.js';
import { params } from './pool-schema.js';
import { isAdmissible, isAllowed, isKeyPool, type Template, templateOf } from './pools.js';
import { invalid, placed } from './report.js';
import { type ResourceDefinition, route } from './resource-schema.js';
import { capturesOf, filled } from './route-captures.js';
import { type ConfigFile, resourceName } from './schema.js';
import { explainIssues } from './schema-issues.js';
import { text } from './values.js';
import { type Finding, readYaml } from './yaml-source.js';

const END = '.yaml';
const START = { line: 1, column: 1 };

/** What a file of resources.d says. */
export const instanceSchema = z.strictObject({
  /** A resource of the configuration with `pool`. */
  template: text('the name of a pool'),
  /** What its command sees as REVEILLE_NAME. Each part of the pool's key, and others as wanted. */
  params: params.default({}),
  /** Instead of the template's routes with the parameters filled in. */
  routes: z.array(route).optional(),
});
type InstanceDefinition = z.output<typeof instanceSchema>;

export interface InstanceFile {
  /** Of the resource. */
  name: string;
  file: string;
  text: string;
}

export const instanceFolder = (folder: string): string => join(folder, 'resources.d');
export const instanceFile = (folder: string, name: string): string =>
  join(instanceFolder(folder), name + END);

/** @throws ConfigError CONFIG_INVALID where a file cannot be read. */
export function readInstances(folder: string): InstanceFile[] {
  const files = namesIn(folder).sort();
  return files.map((name) => {
    const file = instanceFile(folder, name);
    try {
      return { name, file, text: readFileSync(file, 'utf8') };
    } catch (cause) {
      throw new ConfigError('CONFIG_INVALID', `${file} cannot be read`, [], cause);
    }
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(instanceFolder(folder))
      .filter((entry) => entry.endsWith(END) && !entry.startsWith('.'))
      .map((entry) => entry.slice(0, -END.length));
  } catch {
    return [];
  }
}

/**
 * The configuration with these resources beside its own.
 * @throws ConfigError CONFIG_INVALID with every issue of the first file that has one.
 */
export function addInstances(config: ConfigFile, instances: readonly InstanceFile[]): ConfigFile {
  if (instances.length === 0) return config;
  const resources = { ...config.resources };
  for (const one of instances) resources[one.name] = instantiate(config, one);
  const whole = { ...config, resources };
  const [first] = findContradictions(whole);
  if (first) throw blame(first, instances);
  return whole;
}

function instantiate(config: ConfigFile, { name, file, text: content }: InstanceFile): ResourceDefinition {
  const source = readYaml(content);
  const wrong = (path: string[], message: string, expected: string) =>
    invalid([{ path, place: source.placeOf(path), message, expected }], file);
  if (!resourceName.safeParse(name).success) {
    throw wrong([], `${name} is not a name for a resource`, 'a file name of a-z, 0-9 and inner hyphens');
  }
  if (Object.hasOwn(config.resources, name) || Object.hasOwn(config.pools, name)) {
    throw wrong([], `${name} stands in the configuration already`, 'a name of its own');
  }
  const result = instanceSchema.safeParse(source.data);
  const findings: Finding[] = [...source.findings];
  if (!result.success) {
    const found = explainIssues(instanceSchema, source.data, result.error.issues);
    findings.push(...found.map((one) => placed(one, source)));
  }
  if (findings.length > 0 || !result.success) throw invalid(findings, file);
  const template = templateOf(config, result.data.template);
  if (template === undefined) {
    throw wrong(['template'], `there is no pool ${result.data.template}`, 'a resource that has `pool`');
  }
  const fault = faultOf(template, result.data.params);
  if (fault !== undefined) throw wrong(['params', fault.name], fault.message, fault.expected);
  return fill(template, result.data);
}

function faultOf({ pool }: Template, given: Params) {
  if (!isKeyPool(pool)) return undefined;
  for (const { name, from } of keyParts(pool.key)) {
    const value = given[name];
    if (value === undefined) return { name, message: `${name} of the pool's key is missing`, expected: 'it' };
    if (from === 'capture' ? !isAllowed(pool, value) : !isAdmissible(value))
      return { name, message: 'the pool does not allow this value', expected: pool.allow };
  }
  return undefined;
}

function fill({ pool: _, ...template }: Template, { params: given, routes }: InstanceDefinition) {
  const own = template.routes
    .filter((one) => capturesOf(one).length > 0)
    .map((one) => filled(one, (name) => given[name] ?? ''));
  return { ...template, params: given, routes: routes ?? own };
}

/** The configuration alone has none: a file of resources.d is in the wrong, the culprit's where it is named. */
function blame({ paths, message, expected }: Contradiction, instances: readonly InstanceFile[]): ConfigError {
  const named = instances.find(({ name }) => paths.some(([, one]) => one === name));
  const { file = '' } = named ?? instances[0] ?? {};
  return invalid([{ path: [], place: START, message, expected }], file);
}
