/** One image from its URL to the cache: fetched, checked, unpacked, converted, stored. */
import { join } from 'node:path';
import { type Config, type Logger, resolveReferences, splitAddress } from '../../config/index.js';
import { isReveilleError, ReveilleError } from '../../errors/index.js';
import type { Digests, ImageContext } from './contract.js';
import {
  DEFAULT_FETCH_SETTINGS,
  type FetchSettings,
  type FetchSource,
  fetchMetadata,
  fetchSource,
} from './fetch/index.js';
import type { KnownSource } from './sources.js';
import type { Draft, ImageFacts } from './store/draft.js';
import type { StoredImage } from './store/records.js';
import type { ImageStore } from './store/store.js';
import type { WorkContext } from './stored.js';
import type { HeldTorrents } from './torrents.js';
import { type Unpacked, type UnpackLimits, unpackImage } from './unpack/index.js';

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

/** What became of the bytes. */
interface Fetched {
  sha256: string;
  from: string;
  files: ImageFacts['files'];
}

async function fetchInto(
  draft: Draft,
  known: KnownSource,
  surroundings: Surroundings,
  { signal, progress }: WorkContext,
): Promise<StoredImage> {
  const context = draft.context(signal, progress);
  const { source, as } = known;
  const get = source.metadata ? fetchParts : fetchOne;
  const { sha256, from: url, files } = await get(draft, known, surroundings, context);
  const guid = source.guid === undefined ? {} : { guid: source.guid };
  const digests = { ...digestsOf(source), sha256 };
  return await draft.commit({ type: as, digests, ...guid, url, files }, [], context);
}

async function fetchOne(
  draft: Draft,
  known: KnownSource,
  { config, log, torrents }: Surroundings,
  context: ImageContext,
): Promise<Fetched> {
  const { source, as } = known;
  const part = join(draft.work, 'bytes');
  const fetched = await fetchSource(wantedOf(known, config), part, fetchSettings(config), context);
  warn(log, draft, fetched.warnings);
  const { sha256, from, torrent } = fetched;
  const limits = unpackLimits(config);
  const files = await unpackImage({ part, sha256, source, as, into: draft.files, limits }, draft, context);
  const isKept = files.length === 1 && files[0]?.sha256 === sha256;
  if (torrent !== undefined && isKept)
    torrents.keep(draft.key, torrent, decodeURIComponent(new URL(from).hash.slice(1)));
  return { sha256, from, files };
}

/** The parts that a metadata file names (IP3), each by the name of its type. */
async function fetchParts(
  draft: Draft,
  known: KnownSource,
  { config, log }: Surroundings,
  context: ImageContext,
): Promise<Fetched> {
  const { guid, compression } = known.source;
  const wanted = { ...wantedOf(known, config), ...(guid === undefined ? {} : { guid }) };
  const { sha256, from, parts, warnings } = await fetchMetadata(
    wanted,
    draft.work,
    fetchSettings(config),
    context,
  );
  warn(log, draft, warnings);
  const limits = unpackLimits(config);
  const files: Unpacked[] = [];
  for (const { name, type, file: part, sha256: digest } of parts) {
    const options = {
      part,
      sha256: digest,
      source: { type, compression },
      as: type,
      into: draft.files,
      name,
      limits,
    };
    files.push(...(await unpackImage(options, draft, context)));
  }
  return { sha256, from, files };
}

const warn = (log: Logger, { key: image }: Draft, warnings: readonly string[]): void => {
  for (const warning of warnings) log.warn({ image, warning }, 'about an image');
};

const wantedOf = ({ source, trusted }: KnownSource, config: Config): FetchSource => ({
  urls: [source.url, ...source.mirrors],
  digests: digestsOf(source),
  trusted,
  ...credentialsOf(source, config),
});

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
    parts: fetch.parts,
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
