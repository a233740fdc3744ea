/** What workers see to of their host's images from time to time. */
import { collectOptions } from '../activities/images/chores.js';
import type { HostImages } from '../activities/images/host-images.js';
import type { ReconcileServices } from './reconcile.js';

/**
 * Releases the uses of what is no more. A generation counts as long as its resource has an open execution or runs
 * without one; a disk on top of an image as long as its provider keeps anything of the resource.
 */
export async function releaseUnused(services: ReconcileServices, signal: AbortSignal): Promise<void> {
  const { images, providers, resources } = services;
  if (!images.isUsed) return;
  const asOf = Date.now();
  const users = (await images.store()).list().flatMap((image) => image.users);
  if (users.length === 0) return;
  const context = { signal, heartbeat: () => {} };
  // Where one of them cannot say, nothing is released.
  const bound = Object.values(providers).filter(({ hostBound }) => hostBound);
  const running = (await Promise.all(bound.map((one) => one.list(context)))).flat().map(({ name }) => name);
  const kept = (await Promise.all(bound.map((one) => one.kept?.(context) ?? []))).flat();
  const open = new Set(await resources.openOf([...new Set(users.map(ownerOf))]));
  const isKnown = (user: string) => {
    const name = ownerOf(user);
    return open.has(name) || running.includes(name) || (name === user && kept.includes(name));
  };
  await (await images.store()).reconcileUses(new Set(users.filter(isKnown)), asOf);
}

const ownerOf = (user: string): string => user.replace(/@\d+$/, '');

/** Makes room by age and by what the disk has left (IP16, IP17), and looks whether what stays is what it was (IPF7). */
export async function collectImages(
  { images, log }: { images: HostImages } & Pick<ReconcileServices, 'log'>,
  signal: AbortSignal,
): Promise<void> {
  if (!images.isUsed) return;
  const store = await images.store();
  const { removed, kept } = await store.collect(collectOptions(images.config.images), signal);
  images.sources.prune();
  if (removed.length + kept.length > 0) log.info({ removed, kept }, 'images that nothing needs were removed');
  await store.recheckDue({ signal });
}
