import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Config, readOrMake, resolveReferences, settingsOf } from '../../../config/index.js';
import type { HostServices } from '../../host/services.js';
import { inheritedEnvironment } from '../../inherited-environment.js';
import type { BootRequest } from '../contract.js';

/** What the runner reads from its standard input: infra/runner/job.ts says what each part means. */
export interface Job {
  readonly kind: 'up' | 'destroy' | 'preview';
  readonly name: string;
  readonly params: Readonly<Record<string, string>>;
  readonly stack: string;
  readonly project: string;
  readonly backend: string;
  readonly folder: string;
  readonly configFolder: string;
  readonly template: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly secrets: readonly string[];
  readonly wanted: string;
  readonly generation: number;
  readonly cli: string;
  readonly timeoutMs: number;
  readonly graceMs: number;
  readonly result: string;
}

/** Arguments that hold secrets as often as not: with references in them, they are encrypted in the state. */
const SECRETS = new Set(['userData', 'startupScript', 'env']);

export type Described = Omit<Job, 'kind' | 'cli' | 'result'>;

/** What is wanted of a resource's stack, with its references resolved. @throws ReveilleError REFERENCE_UNRESOLVED */
export function describe(request: BootRequest, folder: string, services: HostServices): Described {
  const { name, params, generation, definition } = request;
  const { config } = services;
  const settings = settingsOf(definition, 'pulumi');
  const template = settings.template.includes('/')
    ? resolve(config.folder, settings.template)
    : settings.template;
  const { value: args, changed: secrets } = resolved(settings.args, config);
  const backend = backendOf(settings.backend, services);
  const { project } = settings;
  const what = JSON.stringify([project, backend, template, args, params]);
  return {
    name,
    params,
    stack: name,
    project,
    backend,
    folder,
    configFolder: config.folder,
    template,
    args,
    secrets: secrets.filter((key) => SECRETS.has(key)),
    // A digest: secrets are in it.
    wanted: createHash('sha256').update(what).digest('hex'),
    generation,
    timeoutMs: settings.timeout,
    graceMs: settings.grace,
  };
}

function backendOf(given: string | undefined, { config, stateDir }: HostServices): string {
  if (given !== undefined) return text(given, config, 'pulumi.backend');
  const folder = join(stateDir, 'pulumi-state');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return pathToFileURL(folder).href;
}

/** Arguments with their references resolved, and the names of those that had any. */
function resolved(args: Readonly<Record<string, unknown>>, config: Config) {
  const changed: string[] = [];
  const entries = Object.entries(args).map(([key, value]) => {
    const own = deeply(value, config, `pulumi.args.${key}`);
    if (JSON.stringify(own) !== JSON.stringify(value)) changed.push(key);
    return [key, own] as const;
  });
  return { value: Object.fromEntries(entries), changed };
}

/** A value of the configuration with the references in all of its texts resolved. */
export function deeply(value: unknown, config: Config, key: string): unknown {
  if (typeof value === 'string') return text(value, config, key);
  if (Array.isArray(value)) return value.map((one, index) => deeply(one, config, `${key}.${index}`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([part, one]) => [part, deeply(one, config, `${key}.${part}`)]),
  );
}

const text = (value: string, { folder }: Config, key: string): string =>
  resolveReferences(value, { env: process.env, folder, key }).value;

/** Of the runner, and of Pulumi and its plugins: the worker's own, without what is none of theirs. */
export async function environmentOf(
  { definition }: BootRequest,
  { config, stateDir }: HostServices,
): Promise<Record<string, string>> {
  const { env, passphrase, backend } = settingsOf(definition, 'pulumi');
  // Files of ours are bounded: each operation would leave a copy of the state.
  const bounds = backend === undefined ? { PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: 'true' } : {};
  return {
    ...bounds,
    ...inheritedEnvironment(process.env, config),
    ...(deeply(env, config, 'pulumi.env') as Record<string, string>),
    PULUMI_CONFIG_PASSPHRASE:
      passphrase === undefined
        ? await readOrMake(stateDir, 'pulumi-passphrase')
        : text(passphrase, config, 'pulumi.passphrase'),
  };
}
