import { cloudsOf, ensureInfra } from '#scripts/setup/infra.mjs';
import { ensurePulumi } from '#scripts/setup/pulumi.mjs';
import type { Config } from '../config/index.js';

/**
 * Gets what the provider `pulumi` needs, where a resource has it: the npm packages of infra/ and the Pulumi command
 * line. Both are heavy, so nobody else is made to wait for them.
 * @throws Error with the code PULUMI_MISSING where one cannot be had.
 */
export async function ensurePulumiParts(config: Config, signal?: AbortSignal): Promise<void> {
  const templates = Object.values(config.resources).flatMap(({ pulumi }) =>
    pulumi === undefined ? [] : [pulumi.template],
  );
  if (templates.length === 0) return;
  const aborted = signal === undefined ? {} : { signal };
  await ensureInfra({ clouds: cloudsOf(templates), ...aborted });
  await ensurePulumi(aborted);
}
