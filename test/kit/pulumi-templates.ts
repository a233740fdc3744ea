import { configSchema, type ProviderName } from '../../config/index.js';
import { created } from './pulumi-mocks.js';

/** Of those that need a cloud, in infra/dist. */
export const TEMPLATE_FILES: Record<string, string> = {
  'aws-vm': 'templates/aws/vm.js',
  'aws-container': 'templates/aws/container.js',
  'eucalyptus-vm': 'templates/aws/eucalyptus-vm.js',
  'gcp-vm': 'templates/gcp/vm.js',
  'gcp-container': 'templates/gcp/container.js',
};
/** The three values that a user changes. */
const LEAST: Record<string, object> = {
  'aws-vm': { region: 'eu-central-1', image: 'ami-1' },
  'aws-container': { region: 'eu-central-1', image: 'ami-1', container: 'nginx' },
  'eucalyptus-vm': { endpoint: 'http://10.0.0.1:8773/services/compute', image: 'emi-1' },
  'gcp-vm': { project: 'my-project', zone: 'europe-west3-a' },
  'gcp-container': { project: 'my-project', zone: 'europe-west3-a', container: 'nginx' },
};

interface Outputs {
  provider: ProviderName;
  settings: Record<string, unknown>;
}

/** As the provider does it: arguments from reveille.yaml, through its schema. */
export function runTemplate(
  template: string,
  args: object = {},
  { secrets = [] as string[], name = 'vm' } = {},
) {
  const vm = {
    provider: 'pulumi',
    pulumi: { template, args: { ...LEAST[template], ...args } },
    lease: { stretch: 0 },
  };
  const checked = configSchema.parse({ resources: { vm } }).resources.vm?.pulumi?.args ?? {};
  return created<Outputs>(TEMPLATE_FILES[template] ?? '', (module, pulumi) => {
    const given = Object.entries(checked).map(([key, value]) => [
      key,
      secrets.includes(key) ? (pulumi as unknown as { secret(of: unknown): unknown }).secret(value) : value,
    ]);
    const tags = { 'reveille-resource': name };
    return module.default(Object.fromEntries(given), { name, params: {}, tags, pulumi });
  });
}
