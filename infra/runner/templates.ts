import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as pulumi from '@pulumi/pulumi';
import type { Template, TemplateContext, TemplateOutputs } from './context.js';
import type { Job } from './job.js';

/** Ours by name. Each is loaded when it is used: those of the clouds need packages that may not be installed. */
const BUILT_IN: Readonly<Record<string, string>> = {
  local: '../templates/local.js',
  'aws-vm': '../templates/aws/vm.js',
  'aws-container': '../templates/aws/container.js',
  'eucalyptus-vm': '../templates/aws/eucalyptus-vm.js',
  'gcp-vm': '../templates/gcp/vm.js',
  'gcp-container': '../templates/gcp/container.js',
};

/** The program of a job: what the engine runs. */
export async function programOf(job: Job): Promise<() => Promise<Record<string, unknown>>> {
  const template = await load(job.template);
  const { name, params, configFolder } = job;
  const context: TemplateContext = {
    name,
    params,
    tags: { 'reveille-resource': name, 'reveille-stack': job.stack },
    folder: job.folder,
    configFolder,
    pulumi,
  };
  return async () => ({ ...(await template(withSecrets(job), context)) });
}

async function load(template: string): Promise<Template<unknown>> {
  const own = BUILT_IN[template];
  if (own === undefined && !isAbsolute(template)) throw new Error(`there is no template named ${template}`);
  const loaded = (await import(own ?? pathToFileURL(template).href)) as { default?: unknown };
  // Of a CommonJS module, the default export stands in its exports.
  const found = isModule(loaded.default) ? loaded.default.default : loaded.default;
  if (typeof found !== 'function') throw new Error(`${template} has no function as its default export`);
  return found as (...args: unknown[]) => TemplateOutputs;
}

const isModule = (value: unknown): value is { default: unknown } =>
  typeof value === 'object' && value !== null && 'default' in value;

const withSecrets = ({ args, secrets }: Job): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(args).map(([key, value]) => [key, secrets.includes(key) ? pulumi.secret(value) : value]),
  );
