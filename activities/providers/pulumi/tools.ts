import { existsSync } from 'node:fs';
import { cloudsOf, infraRunner, isInfraReady } from '#scripts/setup/infra.mjs';
import { findPulumi } from '#scripts/setup/pulumi.mjs';
import { ReveilleError } from '../../../errors/index.js';

/** What an operation of Pulumi is run with. Absolute paths. */
export interface Tools {
  readonly cli: string;
  readonly runner: string;
}

let found: string | undefined;

/**
 * Looks for them each time, for they may be installed while the worker runs.
 * @throws ReveilleError PULUMI_MISSING saying which is not there.
 */
export async function findTools(template: string): Promise<Tools> {
  const runner = infraRunner();
  const clouds = cloudsOf([template]);
  if (!isInfraReady({ clouds })) {
    const which = clouds.length === 0 ? '' : ` (${clouds.join(', ')})`;
    throw new ReveilleError('PULUMI_MISSING', `infra/${which} is not installed, or older than its sources`);
  }
  if (found === undefined || !existsSync(found)) found = await findPulumi();
  if (found === undefined) throw new ReveilleError('PULUMI_MISSING', 'there is no Pulumi command line here');
  return { cli: found, runner };
}
