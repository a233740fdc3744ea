/** What workers see to in pools from time to time, as part of reconciling. */
import { isKeyPool, numberedMembers, poolOfMember } from '../config/index.js';
import type { ReconcileServices } from './reconcile.js';

/** A pin outlasts this many rounds: then nobody renews it, or the pool needs the member no longer. */
const PINNED_ROUNDS = 3;

/**
 * Keeps the first members of pools by number awake, as many as `pool.min` says, by pins that end by themselves. One
 * that was stopped by hand is awake again after the next round.
 */
export async function keepMinimum(services: ReconcileServices, signal: AbortSignal): Promise<void> {
  const { current } = services.definitions;
  for (const [pool, { pool: settings }] of Object.entries(current.resources)) {
    if (settings === undefined || isKeyPool(settings)) continue;
    for (const member of numberedMembers(pool, settings.min)) {
      if (signal.aborted) return;
      await keepAwake(services, member);
    }
  }
}

async function keepAwake(
  { resources, definitions }: ReconcileServices,
  { name, params }: { name: string; params: Record<string, string> },
): Promise<void> {
  const { reconcile } = definitions.current;
  const status = await resources.status(name).catch(() => undefined);
  const pinned = status?.pinned ?? false;
  // Another worker's is as good, and somebody's own may last longer.
  if (pinned === true || (pinned !== false && pinned > Date.now() + reconcile * (PINNED_ROUNDS - 1))) return;
  const until = Date.now() + reconcile * PINNED_ROUNDS;
  await resources.pin(name, { until, reason: 'pool.min keeps it awake' }, params);
}

/**
 * Removes what is left of members that nobody has woken for as long as `pool.gone` says: those that this worker
 * finds something of, whose last time awake is known to have ended before. What no pool of the configuration made
 * is never touched, nor what Temporal knows nothing of.
 */
export async function removeGone(services: ReconcileServices, signal: AbortSignal): Promise<void> {
  const { providers, host } = services;
  const context = { signal, heartbeat: () => {} };
  const failures: unknown[] = [];
  for (const provider of Object.values(providers)) {
    // An engine that is away keeps nobody from looking at the others.
    const kept = await provider.kept?.(context).catch((error: unknown) => void failures.push(error));
    for (const name of kept ?? []) {
      if (signal.aborted) return;
      await removeIfGone(services, name, provider.hostBound ? host : undefined);
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function removeIfGone(
  { resources, definitions, log }: ReconcileServices,
  name: string,
  host: string | undefined,
): Promise<void> {
  const pool = poolOfMember(definitions.current, name);
  const settings = pool === undefined ? undefined : definitions.current.resources[pool]?.pool;
  if (settings === undefined || !isKeyPool(settings) || settings.gone === undefined) return;
  const last = await resources.lastRun(name);
  if (last?.closedAt === undefined || Date.now() - last.closedAt < settings.gone.after) return;
  if (!definitions.knows(name, last.params)) return;
  log.info({ resource: name }, 'removing a member of a pool that nobody has woken for long');
  await resources.removeAsleep(name, host, last.params);
}
