/** Bytes from somewhere into a file, checked. No Temporal here, and no cache. */
export { type Fetched, fetchSource } from './fetch-source.js';
export {
  type FetchedMetadata,
  type FetchedPart,
  fetchMetadata,
  type MetadataSource,
} from './metadata/fetch-metadata.js';
export { DEFAULT_FETCH_SETTINGS, type FetchSettings, type TorrentSettings } from './settings.js';
export type { FetchSource } from './source.js';
export type { HeldFile } from './torrent/messages.js';
export { DEFAULT_SEED_SETTINGS, type SeedSettings, seed } from './torrent/seed.js';
