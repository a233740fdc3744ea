import { join } from 'node:path';
import { waitHealthy } from '../../activities/health.js';
import { createProviders } from '../../activities/providers/table.js';
import { configSchema, createLogger } from '../../config/index.js';
import type { BenchContext } from '../contract.js';
import type { Subject } from './subjects.js';

const NAME = 'bare';

/** @returns what boots the provider alone, until it is healthy: no proxy, no Temporal; it gives the ms that it took. */
export function bareEngine(context: BenchContext, { provider, resource }: Subject): () => Promise<number> {
  const folder = join(context.folder, `bare-${provider}`);
  const worker = { ports: '19000-19099' };
  const config = {
    ...configSchema.parse({ resources: { [NAME]: resource }, worker }),
    file: undefined,
    folder,
  };
  const log = createLogger('bench', 'error');
  const engine = createProviders({ config, stateDir: folder, host: 'bench', log })[provider];
  const definition = config.resources[NAME];
  if (definition === undefined) throw new Error('no definition');
  const how = { signal: context.signal, heartbeat: () => {} };
  let generation = 0;
  return async () => {
    generation++;
    const request = { name: NAME, params: {}, generation, definition, revision: 'r1' };
    const began = performance.now();
    const { instance } = await engine.boot(request, how);
    await waitHealthy(definition.health, instance.endpoint, how);
    const took = performance.now() - began;
    await engine.stop(request, instance, { then: 'delete', force: true }, how);
    return took;
  };
}
