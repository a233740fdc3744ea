import type { Definitions } from '../activities/definitions.js';
import type { HostImages } from '../activities/images/host-images.js';
import type { Found, Provider } from '../activities/providers/contract.js';
import type { Logger } from '../config/index.js';
import type { ResourceClient } from '../temporal/index.js';

/** For the end of what has outlived its host's absence; then the next round goes on. */
const OUTLIVED_MS = 120_000;

export interface ReconcileServices {
  definitions: Definitions;
  providers: Readonly<Record<string, Provider>>;
  resources: ResourceClient;
  images: HostImages;
  host: string;
  log: Logger;
}

/**
 * Compares what runs with what is known. What runs under our labels with no open execution is adopted; what
 * left the configuration is reported, never deleted; an execution whose instance on this host has ended is told.
 */
export async function reconcile(services: ReconcileServices, signal: AbortSignal): Promise<void> {
  const context = { signal, heartbeat: () => {} };
  const failures: unknown[] = [];
  for (const [kind, provider] of Object.entries(services.providers)) {
    // An engine that is away keeps nobody from looking at the others.
    const found = await provider.list(context).catch((error: unknown) => void failures.push(error));
    for (const one of found ?? []) {
      if (signal.aborted) return;
      await adoptIfAlone(services, provider, one);
    }
    if (provider.hostBound && found) await reportLost(services, kind, found);
  }
  if (failures.length > 0) throw failures[0];
}

async function adoptIfAlone(services: ReconcileServices, provider: Provider, found: Found): Promise<void> {
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
  if ((await resources.openRun(name)) !== undefined) return await endOutlived(services, provider, found);
  log.info({ resource: name, instance: instance.id }, 'adopting an instance that runs without an execution');
  await resources.adopt(name, { instance }, params);
}

/** What was given up because this host was gone, and serves from another since: its proxies know the younger one. */
async function endOutlived(
  { resources, definitions, host, log }: ReconcileServices,
  provider: Provider,
  { name, instance, params }: Found,
): Promise<void> {
  if (!provider.hostBound || instance.host !== host) return;
  const status = await resources.status(name).catch(() => undefined);
  const isYounger = status?.phase === 'ready' && status.generation > instance.generation;
  if (!isYounger || status.instance?.host === undefined || status.instance.host === host) return;
  log.warn({ resource: name, instance: instance.id }, 'ending what has moved to another host meanwhile');
  const { revision, definition } = definitions.latest(name, params);
  const request = { name, revision, definition, params: params ?? {}, generation: instance.generation };
  const context = { signal: AbortSignal.timeout(OUTLIVED_MS), heartbeat: () => {} };
  await provider.stop(request, instance, { then: 'stop', force: false }, context);
}

/** An awake resource whose instance died unseen, between two requests. */
async function reportLost(
  { resources, host, log }: ReconcileServices,
  kind: string,
  found: Found[],
): Promise<void> {
  const alive = new Set(found.map(({ instance }) => instance.id));
  for (const name of await resources.list()) {
    const status = await resources.status(name).catch(() => undefined);
    if (status?.phase !== 'ready' || status.instance?.host !== host || status.provider !== kind) continue;
    const { instance, generation } = status;
    // Booted after the list was made: not lost.
    if (alive.has(instance.id) || Date.now() - status.since < 10_000) continue;
    log.warn({ resource: name, instance: instance.id }, 'an instance has ended by itself');
    await resources.unreachable(name, { generation, error: 'the instance has ended' });
  }
}
