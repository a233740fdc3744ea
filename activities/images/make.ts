/** One image from its URL to the cache: fetched, checked, unpacked, converted, stored. */
import { join } from 'node:path';
import { type Config, type Logger, resolveReferences, splitAddress } from '../../config/index.js';
import { isReveilleError, ReveilleError } from '../../errors/index.js';
import type { Digests } from './contract.js';
import { DEFAULT_FETCH_SETTINGS, type FetchSettings, type FetchSource, fetchSource } from './fetch/index.js';
import type { KnownSource } from './sources.js';
import type { Draft } from './store/draft.js';
import type { StoredImage } from './store/records.js';
import type { ImageStore } from './store/store.js';
import type { WorkContext } from './stored.js';
import type { HeldTorrents } from './torrents.js';
import { type UnpackLimits, unpackImage } from './unpack/index.js';

interface Surroundings {
  readonly config: Config;
  readonly log: Logger;
  readonly torrents: HeldTorrents;
}

/** After these, what was fetched is gone on with: the server, the network or this host is at fault, or somebody's patience. */
const GONE_ON_WITH = new Set<string>([
  'IMAGE_UNREACHABLE',
  'IMAGE_REFUSED',
  'IMAGE_STALLED',
  'IMAGE_TIMEOUT',
  'IMAGE_TORRENT_FAILED',
  'IMAGE_TOOL_MISSING',
]);

/**
 * @returns the image, which may have been complete already.
 * @throws ReveilleError IMAGE_…; nothing is left behind but what the next try goes on with.
 */
export async function make(
  store: ImageStore,
  known: KnownSource,
  surroundings: Surroundings,
  context: WorkContext,
): Promise<StoredImage> {
  for (;;) {
    // One whose check is due is looked at first: what is wrong with it is fetched again.
    const found = await store.checked(known.key, context);
    if (found !== undefined) return found;
    const draft = await store.begin(known.key, context.signal);
    if (draft !== undefined) return await fill(draft, known, surroundings, context);
  }
}

async function fill(
  draft: Draft,
  known: KnownSource,
  surroundings: Surroundings,
  context: WorkContext,
): Promise<StoredImage> {
  try {
    return await fetchInto(draft, known, surroundings, context);
  } catch (error) {
    // Cut off, or a fault of ours: the next try finds what is there.
    const isGoneOnWith = !isReveilleError(error) || context.signal.aborted || GONE_ON_WITH.has(error.code);
    if (isGoneOnWith) draft.leave();
    else await draft.discard();
    throw error;
  }
}

async function fetchInto(
  draft: Draft,
  { source, as, trusted }: KnownSource,
  { config, log, torrents }: Surroundings,
  { signal, progress }: WorkContext,
): Promise<StoredImage> {
  const part = join(draft.work, 'bytes');
  const context = draft.context(signal, progress);
  const wanted: FetchSource = {
    urls: [source.url, ...source.mirrors],
    digests: digestsOf(source),
    trusted,
    ...credentialsOf(source, config),
  };
  const fetched = await fetchSource(wanted, part, fetchSettings(config), context);
  for (const warning of fetched.warnings)
    log.warn({ image: source.guid ?? draft.key, warning }, 'about an image');
  const files = await unpackImage(
    { part, sha256: fetched.sha256, source, as, into: draft.files, limits: unpackLimits(config) },
    draft,
    {
      signal,
      progress,
    },
  );
  const isKept = files.length === 1 && files[0]?.sha256 === fetched.sha256;
  if (fetched.torrent !== undefined && isKept)
    torrents.keep(draft.key, fetched.torrent, decodeURIComponent(new URL(fetched.from).hash.slice(1)));
  return await draft.commit(
    {
      type: as,
      digests: { ...digestsOf(source), sha256: fetched.sha256 },
      ...(source.guid === undefined ? {} : { guid: source.guid }),
      url: fetched.from,
      files,
    },
    [],
    context,
  );
}

function digestsOf({ sha256, sha512, sha1 }: KnownSource['source']): Digests {
  return {
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(sha512 === undefined ? {} : { sha512 }),
    ...(sha1 === undefined ? {} : { sha1 }),
  };
}

/** Resolved where they are used: no history and no file of ours has them. */
function credentialsOf(
  { credentials }: KnownSource['source'],
  { folder }: Config,
): Pick<FetchSource, 'credentials'> {
  if (credentials === undefined) return {};
  const { value } = resolveReferences(credentials, {
    env: process.env,
    folder,
    key: 'credentials of an image',
  });
  // A line break would be a header of its own.
  if (!/^[\x20-\x7e]+$/.test(value))
    throw new ReveilleError('IMAGE_SOURCE_INVALID', 'the credentials of an image are not a line of ASCII');
  return { credentials: { header: 'authorization', value } };
}

function fetchSettings({ images: { fetch, torrent, allowPrivate } }: Config): FetchSettings {
  return {
    ...DEFAULT_FETCH_SETTINGS,
    connectMs: fetch.connect,
    stallMs: fetch.stall,
    wholeMs: fetch.whole,
    maxBytes: fetch.maxBytes,
    allowPrivate,
    torrent: {
      stallMs: torrent.stall,
      maxTorrentBytes: torrent.maxTorrent,
      // The port is that of the seeds: who fetches takes any other.
      host: splitAddress(torrent.listen).host,
      port: 0,
      maxPeers: torrent.peers,
      uploadBytesPerSecond: torrent.upload,
    },
  };
}

function unpackLimits({ images: { unpack } }: Config): UnpackLimits {
  const { maxBytes, maxRatio, maxEntries, maxMemory } = unpack;
  return { maxBytes, maxRatio, maxEntries, maxMemoryBytes: maxMemory };
}
