import type { Definitions } from '../activities/definitions.js';
import type { Found, Provider } from '../activities/providers/contract.js';
import type { Logger } from '../config/index.js';
import type { ResourceClient } from '../temporal/index.js';

export interface ReconcileServices {
  definitions: Definitions;
  providers: Readonly<Record<string, Provider>>;
  resources: ResourceClient;
  host: string;
  log: Logger;
}

/**
 * Compares what runs with what is known. What runs under our labels with no open execution is adopted; what
 * left the configuration is reported, never deleted; an execution whose instance on this host has ended is told.
 */
export async function reconcile(services: ReconcileServices, signal: AbortSignal): Promise<void> {
  const context = { signal, heartbeat: () => {} };
  for (const provider of Object.values(services.providers)) {
    const found = await provider.list(context);
    for (const one of found) {
      if (signal.aborted) return;
      await adoptIfAlone(services, one);
    }
    if (provider.hostBound) await reportLost(services, found);
  }
}

async function adoptIfAlone(services: ReconcileServices, found: Found): Promise<void> {
  const { name, instance, state, params } = found;
  const { resources, definitions, log } = services;
  if (state !== 'running') return;
  if (!definitions.knows(name, params)) {
    log.warn(
      { resource: name, instance: instance.id },
      'an instance runs whose resource left the configuration',
    );
    return;
  }
  if ((await resources.openRun(name)) !== undefined) return;
  log.info({ resource: name, instance: instance.id }, 'adopting an instance that runs without an execution');
  await resources.adopt(name, { instance }, params);
}

/** An awake resource whose instance died unseen, between two requests. */
async function reportLost({ resources, host, log }: ReconcileServices, found: Found[]): Promise<void> {
  const alive = new Set(found.map(({ instance }) => instance.id));
  for (const name of await resources.list()) {
    const status = await resources.status(name).catch(() => undefined);
    if (status?.phase !== 'ready' || status.instance?.host !== host) continue;
    const { instance, generation } = status;
    // Booted after the list was made: not lost.
    if (alive.has(instance.id) || Date.now() - status.since < 10_000) continue;
    log.warn({ resource: name, instance: instance.id }, 'an instance has ended by itself');
    await resources.unreachable(name, { generation, error: 'the instance has ended' });
  }
}
