/** What the command line and the API ask of this host's images. */
import { type Config, imageName } from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';
import type {
  ChoreResult,
  ImageChore,
  ImageDetails,
  ImageLine,
  ImageListing,
  ImageSeeding,
} from '../../workflows/messages.js';
import type { CollectOptions } from './store/collect.js';
import type { StoredImage } from './store/records.js';
import type { ImageStore } from './store/store.js';
import type { HeldTorrents } from './torrents.js';

/** @throws ReveilleError IMAGE_UNKNOWN, IMAGE_IN_USE. */
export async function doChore(
  store: ImageStore,
  chore: ImageChore,
  { config, place, torrents }: { config: Config; place: string; torrents: HeldTorrents },
  signal: AbortSignal,
): Promise<ChoreResult> {
  switch (chore.do) {
    case 'list':
      return await listing(store, place);
    case 'show':
      return details(find(store, chore.name));
    case 'remove': {
      const image = find(store, chore.name);
      await store.remove(image.key, signal);
      return { removed: [line(image).name], kept: [] };
    }
    case 'seed':
      return seed(find(store, chore.name), chore.on, config, torrents);
    case 'collect': {
      return chore.all
        ? await store.removeAll(signal)
        : await store.collect(collectOptions(config.images), signal);
    }
  }
}

/** An age of 0: images of any age stay. */
export const collectOptions = ({ maxAge, maxPartialAge, keepFree }: Config['images']): CollectOptions => ({
  maxAgeMs: maxAge === 0 ? Number.POSITIVE_INFINITY : maxAge,
  maxDraftAgeMs: maxPartialAge,
  keepFreeBytes: keepFree,
});

function seed(image: StoredImage, on: boolean, config: Config, torrents: HeldTorrents): ImageSeeding {
  const name = nameOf(image);
  if (!torrents.has(image.key)) {
    const why = 'it did not come by BitTorrent, or is not kept as it came';
    throw new ReveilleError('IMAGE_TORRENT_FAILED', `${name} cannot be given to others: ${why}`);
  }
  torrents.mark(image.key, on);
  return { name, seeding: on || config.images.torrent.seed };
}

async function listing(store: ImageStore, place: string): Promise<ImageListing> {
  const { usedBytes: used, budgetBytes: budget } = await store.usage();
  return { place, budget, used, images: store.list().map(line) };
}

/** By key, sha256 or GUID, or how one of the first two begins. */
function find(store: ImageStore, name: string): StoredImage {
  const all = store.list();
  const exact = all.filter(({ key, guid }) => key === name || guid === name);
  const isStart = /^[0-9a-f]{4,}$/i.test(name);
  const start = name.toLowerCase();
  const begins = all.filter(({ key, digests }) => key.startsWith(start) || digests.sha256?.startsWith(start));
  const [found, ...others] = exact.length > 0 ? exact : isStart ? begins : [];
  if (found === undefined)
    throw new ReveilleError('IMAGE_UNKNOWN', `there is no image ${name.slice(0, 80)} here`);
  if (others.length === 0) return found;
  throw new ReveilleError(
    'IMAGE_UNKNOWN',
    `${others.length + 1} images here are ${name.slice(0, 80)}: name one by its key`,
  );
}

function line(image: StoredImage): ImageLine {
  const { key, type, digests, guid, url, bytes, lastUseMs, users, registrations } = image;
  return {
    key,
    name: nameOf(image),
    type,
    ...(digests.sha256 === undefined ? {} : { sha256: digests.sha256 }),
    ...(guid === undefined ? {} : { guid }),
    ...(url === undefined ? {} : { url }),
    bytes,
    lastUse: lastUseMs,
    users: [...users],
    registrations: registrations.map(({ place, id }) => ({ place, id })),
  };
}

const nameOf = ({ key, url, guid }: StoredImage): string =>
  url === undefined ? (guid ?? key.slice(0, 12)) : imageName({ url, guid });

const details = (image: StoredImage): ImageDetails => ({
  ...line(image),
  files: image.files.map(({ file }) => file),
  created: image.createdMs,
  checked: image.checkedMs,
});
