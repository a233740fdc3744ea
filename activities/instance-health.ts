import type { Config } from '../config/index.js';
import { isReveilleError, ReveilleError } from '../errors/index.js';
import type { Instance } from '../workflows/messages.js';
import { waitHealthy } from './health.js';
import { runProbeCommand } from './probe-command.js';
import type { BootRequest, Provider, ProviderContext } from './providers/contract.js';

/** How long the boot step itself watches for health. */
const QUICK_HEALTH_MS = 2000;
const LOG_TAIL_BYTES = 4000;

/** Whose health it is. */
export interface Subject {
  readonly provider: Provider;
  readonly request: BootRequest;
  readonly instance: Instance;
  readonly config: Config;
}

/**
 * Most things that boot on this machine are healthy in no time: watched for a moment here, they save a wake the
 * round through the server that a step of its own costs.
 * @returns after how many ms it was healthy; undefined where it was not yet, or health is not watched.
 */
export async function quickHealth(subject: Subject, context: ProviderContext): Promise<number | undefined> {
  const { request } = subject;
  const { definition } = request;
  const { health } = definition;
  if (health === 'none') return undefined;
  const began = performance.now();
  const timeout = Math.min(QUICK_HEALTH_MS, health.timeout / 2);
  const quick = { ...request, definition: { ...definition, health: { ...health, timeout } } };
  try {
    await untilHealthy({ ...subject, request: quick }, context);
    return Math.round(performance.now() - began);
  } catch (error) {
    if (isReveilleError(error) && error.code === 'HEALTH_TIMEOUT') return undefined;
    throw error;
  }
}

/** Health and death are watched at once: an instance that ends fails its boot now, not at the timeout. */
export async function untilHealthy(subject: Subject, context: ProviderContext): Promise<void> {
  const { provider, request, instance, config } = subject;
  const { name, generation, params } = request;
  const probed = { name, generation, params, endpoint: instance.endpoint };
  const watching = new AbortController();
  const signal = AbortSignal.any([context.signal, watching.signal]);
  const died = provider.watch(request, instance, { ...context, signal });
  const { heartbeat } = context;
  try {
    await waitHealthy(request.definition.health, instance.endpoint, {
      signal: context.signal,
      heartbeat,
      died,
      run: (command, limit) => runProbeCommand({ command, key: 'health', instance: probed, config }, limit),
    });
  } catch (error) {
    if (!isReveilleError(error) || error.log !== undefined) throw error;
    const log = await provider.logTail(request, LOG_TAIL_BYTES);
    throw new ReveilleError(error.code, error.message, { log, cause: error });
  } finally {
    watching.abort();
  }
}
