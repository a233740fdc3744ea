import { PulumiProvider } from '../activities/providers/pulumi/provider.js';
import { createProviders } from '../activities/providers/table.js';
import { type Config, createLogger, hostName, loadConfig, revisionOf, stateDir } from '../config/index.js';
import { ensurePulumiParts } from './pulumi-setup.js';

/** What Pulumi says that an `up` of one resource would do. */
interface Preview {
  readonly name: string;
  readonly text: string;
}

/**
 * Asks the clouds and changes nothing there.
 * @throws ReveilleError PULUMI_MISSING, BOOT_FAILED, STACK_LOCKED
 */
async function previews(config: Config): Promise<Preview[]> {
  await ensurePulumiParts(config);
  const log = createLogger('check', config.log.level);
  const services = { config, stateDir: stateDir(config), host: hostName(config), log };
  const { pulumi: provider } = createProviders(services);
  const context = { signal: new AbortController().signal, heartbeat: () => {} };
  const found: Preview[] = [];
  for (const [name, definition] of Object.entries(config.resources)) {
    if (definition.provider !== 'pulumi' || !(provider instanceof PulumiProvider)) continue;
    const { params = {} } = definition;
    const request = { name, params, generation: 0, revision: revisionOf(definition), definition };
    found.push({ name, text: await provider.preview(request, context) });
  }
  return found;
}

/** What `check` prints, with the previews below it, or within its JSON object. */
export async function withPreviews(file: string, checked: string, json: boolean): Promise<string> {
  const all = await previews(loadConfig(file));
  if (json) return `${JSON.stringify({ ...(JSON.parse(checked) as object), previews: all })}\n`;
  const text = all.map(({ name, text: told }) => `\n--- ${name}\n${told.trim()}\n`).join('');
  return `${checked}${all.length === 0 ? 'No resource has the provider pulumi.\n' : text}`;
}
