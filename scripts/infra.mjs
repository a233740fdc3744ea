// node scripts/infra.mjs [TEMPLATE …]: gets what the provider `pulumi` needs: the Pulumi command line, and the npm
// packages of infra/, those of the templates' clouds included. Without a template, those of all clouds.
import { fileURLToPath } from 'node:url';
import { interruptible, prepare } from './setup/index.mjs';
import { cloudsOf, ensureInfra } from './setup/infra.mjs';
import { ensurePulumi } from './setup/pulumi.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const templates = process.argv.slice(2);
await interruptible(async (signal) => {
  await prepare({ root, signal });
  await ensureInfra({ root, clouds: templates.length === 0 ? ['aws', 'gcp'] : cloudsOf(templates), signal });
  await ensurePulumi({ signal });
});
