import { setTimeout as delay } from 'node:timers/promises';
import { type SeedSettings, seed } from '../activities/images/fetch/index.js';
import type { HostImages } from '../activities/images/host-images.js';
import { type Logger, splitAddress } from '../config/index.js';

/** How soon what has come, gone or been asked for is noticed. */
const LOOK_MS = 5000;

/** Gives images that came by BitTorrent to others, as images.torrent says and `reveille image seed` asks, until the signal. */
export async function keepSeeding(images: HostImages, log: Logger, signal: AbortSignal): Promise<void> {
  let current = '[]';
  let ending = new AbortController();
  let running: Promise<void> = Promise.resolve();
  while (!signal.aborted) {
    const settings = settingsOf(images);
    const held = images.isUsed ? await images.seeded().catch(() => []) : [];
    const next = JSON.stringify([held, settings]);
    if (next !== current) {
      current = next;
      ending.abort();
      await running;
      ending = new AbortController();
      const both = AbortSignal.any([signal, ending.signal]);
      if (held.length > 0) log.info({ images: held.length }, 'giving images to others by BitTorrent');
      running =
        held.length === 0
          ? Promise.resolve()
          : seed(held, settings, both).catch((err: unknown) => {
              log.warn({ err }, 'seeding has ended; it is begun again');
              current = '';
            });
    }
    await delay(LOOK_MS, undefined, { signal }).catch(() => {});
  }
  await running;
}

function settingsOf({ config }: HostImages): SeedSettings {
  const { listen, peers, upload, ratio } = config.images.torrent;
  const { host, port } = splitAddress(listen);
  const { allowPrivate } = config.images;
  return { host, port, maxPeers: peers, uploadBytesPerSecond: upload, ratio, allowPrivate };
}
