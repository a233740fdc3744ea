/** What providers tell by themselves, beside what reconciling finds. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Change } from '../activities/providers/contract.js';
import { addDiscovered, discoveredFile, loadOwnConfig, readDiscovered } from '../config/index.js';
import type { ReconcileServices } from './reconcile.js';

const RETRY_MS = 1000;

/** Tells workflows of ends at once, and has what labels define read anew, until the signal. */
export async function follow(
  services: ReconcileServices,
  reloadAll: () => void,
  signal: AbortSignal,
): Promise<void> {
  const context = { signal, heartbeat: () => {} };
  let discovering = Promise.resolve();
  const told = (change: Change) => {
    const failed = (err: unknown) => services.log.warn({ err }, 'what a provider told was not passed on');
    if (change.kind === 'ended') void reportEnd(services, change).catch(failed);
    else discovering = discovering.then(() => discover(services, reloadAll, signal)).catch(failed);
  };
  const following = Object.values(services.providers).map(async (provider) => {
    while (provider.follow !== undefined && !signal.aborted) {
      await provider.follow(told, context).catch((err: unknown) => {
        services.log.warn({ err }, 'a provider tells of nothing for now; it is tried again');
      });
      await delay(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  });
  await Promise.all(following);
  await discovering;
}

/** Only what is ready: whoever boots or stops it watches by itself. */
async function reportEnd(
  { resources, log }: ReconcileServices,
  { name, generation, reason }: Extract<Change, { kind: 'ended' }>,
): Promise<void> {
  const status = await resources.status(name).catch(() => undefined);
  if (status?.phase !== 'ready' || status.generation !== generation) return;
  log.warn({ resource: name, generation, reason }, 'an instance has ended by itself');
  await resources.unreachable(name, { generation, error: reason });
}

/** Writes down what engines define by labels, and has every part read it where it is something else than before. */
export async function discover(
  { providers, definitions, log }: ReconcileServices,
  reloadAll: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { current } = definitions;
  if (current.discover.docker === false) return;
  const context = { signal, heartbeat: () => {} };
  const all = await Promise.all(
    Object.values(providers).map(async (one) => (await one.discover?.(context)) ?? {}),
  );
  const found = Object.assign({}, ...all) as Record<string, unknown>;
  const text = JSON.stringify(found, null, 1);
  if (text === JSON.stringify(readDiscovered(current), null, 1)) return;
  const bare = current.file === undefined ? current : loadOwnConfig(current.file);
  addDiscovered(bare, found, (name, why) => log.warn({ resource: name, why }, 'labels define no resource'));
  const file = discoveredFile(current);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.${process.pid}`, text, { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
  reloadAll();
}
