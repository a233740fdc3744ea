/** Images at the places where they have ids: registered, looked for, and taken back. */
import type { Config } from '../../config/index.js';
import type { PlacedImage } from './registrars/contract.js';
import { registrarAt, registrarsOf } from './registrars/table.js';
import type { KnownSource } from './sources.js';
import type { StoredImage } from './store/records.js';
import type { ImageStore } from './store/store.js';
import { pathOf, type WorkContext } from './stored.js';

/** Whether each of its places has the image still (IPF7). */
export async function registered(
  image: StoredImage,
  known: KnownSource,
  config: Config,
  { signal }: Pick<WorkContext, 'signal'>,
): Promise<boolean> {
  for (const registrar of registrarsOf(known, config)) {
    const id = image.registrations.find(({ place }) => place === registrar.place)?.id;
    if (id === undefined || !(await registrar.exists(id, { signal, progress: () => {} }))) return false;
  }
  return true;
}

/** Registers an image where it should be and is not. @returns its ids, those of images.register first. */
export async function register(
  store: ImageStore,
  image: StoredImage,
  known: KnownSource,
  config: Config,
  { signal, progress }: WorkContext,
): Promise<string[]> {
  const ids: string[] = [];
  const total = image.files.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const registrar of registrarsOf(known, config)) {
    let done = 0;
    const context = {
      signal,
      progress: (bytes: number) => {
        done += bytes;
        progress({ step: 'registering', bytes: Math.min(done, total), total });
      },
    };
    context.progress(0);
    const before = image.registrations.find(({ place }) => place === registrar.place)?.id;
    const isThere = before !== undefined && (await registrar.exists(before, context));
    const id = isThere ? before : await registrar.register(placed(image, known), context);
    if (id !== before) await store.setRegistration(image.key, registrar.place, id);
    ids.unshift(id);
  }
  return ids;
}

/** Before an image is evicted. @throws ReveilleError where a place does not let it go: then it is kept. */
export async function takeBack(
  image: Pick<StoredImage, 'registrations'>,
  config: Config,
  signal: AbortSignal,
): Promise<void> {
  for (const { place, id } of image.registrations) {
    await registrarAt(place, config).deregister(id, { signal, progress: () => {} });
  }
}

const placed = (image: StoredImage, { source, as }: KnownSource): PlacedImage => ({
  key: image.key,
  path: pathOf(image),
  type: as,
  sha256: image.digests.sha256,
  guid: source.guid,
  url: image.url,
  bytes: image.files.reduce((sum, { bytes }) => sum + bytes, 0),
});
