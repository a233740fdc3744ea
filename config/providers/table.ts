import type { z } from 'zod';
import type { ResourceDefinition } from '../resource-schema.js';
import { wants } from '../wording.js';
import { commandSettings } from './command-schema.js';
import { dockerSettings } from './docker-schema.js';
import { ec2Settings } from './ec2-schema.js';
import { gceSettings } from './gce-schema.js';
import { httpSettings } from './http-schema.js';
import { processSettings } from './process-schema.js';
import { pulumiSettings } from './pulumi-schema.js';
import { qemuSettings } from './qemu-schema.js';

/**
 * Each provider's settings, which stand under its name in a resource. A provider is added by a line here, one in
 * resource-schema.ts and one in activities/providers/table.ts.
 */
const providerSettings = {
  process: processSettings,
  command: commandSettings,
  http: httpSettings,
  docker: dockerSettings,
  qemu: qemuSettings,
  gce: gceSettings,
  ec2: ec2Settings,
  pulumi: pulumiSettings,
} as const;

export type ProviderName = keyof typeof providerSettings;
export const providerNames = Object.keys(providerSettings) as [ProviderName, ...ProviderName[]];
/** Settings of one provider, checked and with their defaults. */
export type SettingsOf<P extends ProviderName> = z.output<(typeof providerSettings)[P]>;

/**
 * The settings of the provider that a resource has.
 * @throws Error where it has none, which the schema does not let pass.
 */
export function settingsOf<P extends ProviderName>(
  definition: ResourceDefinition,
  provider: P,
): SettingsOf<P> {
  const settings = definition[provider];
  if (settings === undefined) throw new Error(`a resource without ${provider}: was given to that provider`);
  return settings as SettingsOf<P>;
}

/**
 * Settings that somebody else than the file gives, checked and with their defaults.
 * @throws z.ZodError where they are wrong.
 */
export function readSettings<P extends ProviderName>(provider: P, given: unknown): SettingsOf<P> {
  return providerSettings[provider].parse(given) as SettingsOf<P>;
}

type Sections = { readonly provider: ProviderName } & { readonly [P in ProviderName]?: object | undefined };

/** Check of a whole resource: the settings of its provider are there, those of others are not. */
export function checkSections(
  resource: Sections,
  context: { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void },
): void {
  const issue = (path: string, message: string) =>
    context.addIssue({ code: 'custom', path: [path], message });
  const { provider } = resource;
  if (resource[provider] === undefined) issue(provider, wants('a mapping'));
  for (const other of providerNames) {
    if (other === provider || resource[other] === undefined) continue;
    issue(other, wants(`a setting of the provider ${provider}`, `${provider}: or provider: ${other}`));
  }
}
