import type { ClientSettings } from './torrent/messages.js';

/** Fetching by BitTorrent. The process that does it listens for peers at `host` and `port`, by default for none. */
export interface TorrentSettings extends ClientSettings {
  /** Without a byte from any peer, also while none is found. */
  stallMs: number;
  /** A .torrent file may be no larger. */
  maxTorrentBytes: number;
}

/** How images are fetched. Times in ms, sizes in bytes. The configuration's `images.fetch` fills it. */
export interface FetchSettings {
  /** Until a connection stands, TLS included. */
  connectMs: number;
  /** Without a byte while one is awaited; also until the head of an answer. */
  stallMs: number;
  /** For one call, all its attempts and mirrors together; what was fetched is kept for the next call. */
  wholeMs: number;
  /** No image may be larger. */
  maxBytes: number;
  /** At one mirror without a byte of progress, before the next mirror's turn. */
  attempts: number;
  /** Between attempts: the first pause, doubled up to the last. */
  backoff: { firstMs: number; maxMs: number };
  /** Redirects followed for one request. */
  redirects: number;
  /** Where no server says how much will come, so much more room is asked for each time. */
  reserveStepBytes: number;
  /** Lets sources that are not trusted lead to private addresses, and redirects of trusted ones. */
  allowPrivate: boolean;
  /** Parts that a metadata file names are fetched so many at a time. */
  parts: number;
  /** A metadata file may be no larger. */
  maxMetadataBytes: number;
  torrent: TorrentSettings;
  /** Authorities for https besides the system's, in PEM. */
  ca?: string;
}

export const DEFAULT_FETCH_SETTINGS: FetchSettings = {
  connectMs: 10_000,
  stallMs: 30_000,
  wholeMs: 2 * 3_600_000,
  maxBytes: 100 * 1000 ** 3,
  attempts: 5,
  backoff: { firstMs: 250, maxMs: 10_000 },
  redirects: 10,
  reserveStepBytes: 64 * 1024 ** 2,
  allowPrivate: false,
  parts: 4,
  maxMetadataBytes: 1000 ** 2,
  torrent: {
    stallMs: 120_000,
    maxTorrentBytes: 10 * 1000 ** 2,
    host: '127.0.0.1',
    port: 0,
    maxPeers: 40,
    uploadBytesPerSecond: 1024 ** 2,
  },
};

/** The longest that a timer of Node's can be set to; a longer one would end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The same settings, with times that timers can be set to. */
export function withTimers(settings: FetchSettings): FetchSettings {
  const within = (ms: number): number => Math.min(ms, LONGEST_TIMER_MS);
  const { connectMs, stallMs, wholeMs, torrent } = settings;
  return {
    ...settings,
    connectMs: within(connectMs),
    stallMs: within(stallMs),
    wholeMs: within(wholeMs),
    torrent: { ...torrent, stallMs: within(torrent.stallMs) },
  };
}
