/** Bytes from somewhere into a file, checked. No Temporal here, and no cache. */
export { type Fetched, fetchSource } from './fetch-source.js';
export { DEFAULT_FETCH_SETTINGS, type FetchSettings } from './settings.js';
export type { FetchSource } from './source.js';
