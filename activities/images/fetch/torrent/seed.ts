import type { ClientSettings, HeldFile } from './messages.js';
import { runTorrentTask } from './process.js';

/** How what is held is given to others. */
export interface SeedSettings extends ClientSettings {
  /** Times its own size after which a file is given no more; counted from the start of this call. */
  ratio: number;
  /** Whether trackers and peers may be at private addresses. */
  allowPrivate: boolean;
}

export const DEFAULT_SEED_SETTINGS: SeedSettings = {
  host: '127.0.0.1',
  port: 0,
  maxPeers: 40,
  uploadBytesPerSecond: 1024 ** 2,
  ratio: 2,
  allowPrivate: false,
};

/**
 * Gives files to others by BitTorrent until the signal ends it. A file that is removed meanwhile keeps its room until
 * then: end the call and make another one with what is left.
 * @param onSeeding told the port that peers connect to.
 * @throws ReveilleError IMAGE_TORRENT_FAILED where its process ends. Ends in peace with the signal.
 */
export async function seed(
  held: readonly HeldFile[],
  { ratio, allowPrivate, ...client }: SeedSettings,
  signal: AbortSignal,
  onSeeding: (port: number) => void = () => {},
): Promise<void> {
  const rules = { trusted: false, allowPrivate };
  try {
    await runTorrentTask<never>({ do: 'seed', held, ratio, client, rules }, signal, (message) => {
      if (message.is === 'seeding') onSeeding(message.port);
      return undefined;
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
