/** Images at the places where they have ids: registered, looked for, and taken back. */
import { type Config, isCloudPlace } from '../../config/index.js';
import { isReveilleError } from '../../errors/index.js';
import type { PlacedImage, Registrar, RegistrarContext } from './registrars/contract.js';
import { registrarAt, registrarsOf } from './registrars/table.js';
import type { KnownSource } from './sources.js';
import type { StoredImage } from './store/records.js';
import type { ImageStore } from './store/store.js';
import { pathOf, type WorkContext } from './stored.js';

/** Whether each of its places has the image still, under the id that is known here (IPF7). */
export async function registered(
  image: StoredImage,
  known: KnownSource,
  config: Config,
  { signal }: Pick<WorkContext, 'signal'>,
): Promise<boolean> {
  for (const registrar of registrarsOf(known, config)) {
    const id = idAt(image, registrar.place);
    const found = await registrar.find(image.key, id, { signal, progress: () => {} });
    if (found === undefined || found !== id) return false;
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
    const before = idAt(image, registrar.place);
    const found = await registrar.find(image.key, before, context);
    const id = found ?? (await registrar.register(placed(image, known), context));
    if (before !== undefined && before !== id && isCloudPlace(registrar.place))
      await letGo(registrar, before, context);
    if (id !== before) await store.setRegistration(image.key, registrar.place, id);
    ids.unshift(id);
  }
  return ids;
}

/** Of what an earlier setting of the place made: nothing is made from it any more, but for machines that run. */
async function letGo(registrar: Registrar, id: string, context: RegistrarContext): Promise<void> {
  try {
    await registrar.deregister(id, context);
  } catch (error) {
    if (!isReveilleError(error) || error.code !== 'IMAGE_IN_USE') throw error;
  }
}

/** The id that a cloud has given an image, whoever has registered it; undefined where it is to be made. */
export const idAtCloud = (
  place: string,
  key: string,
  config: Config,
  { signal }: Pick<WorkContext, 'signal'>,
): Promise<string | undefined> =>
  registrarAt(place, config).find(key, undefined, { signal, progress: () => {} });

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

const idAt = ({ registrations }: Pick<StoredImage, 'registrations'>, at: string): string | undefined =>
  registrations.find(({ place }) => place === at)?.id;

const placed = (image: StoredImage, { source, as }: KnownSource): PlacedImage => ({
  key: image.key,
  path: pathOf(image),
  type: as,
  sha256: image.digests.sha256,
  guid: source.guid,
  url: image.url,
  bytes: image.files.reduce((sum, { bytes }) => sum + bytes, 0),
});
