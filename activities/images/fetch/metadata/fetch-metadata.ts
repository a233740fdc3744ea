import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isReveilleError, ReveilleError } from '../../../../errors/index.js';
import type { ImageContext, ImageType } from '../../contract.js';
import { type Fetched, fetchSource } from '../fetch-source.js';
import { removeBeside } from '../part-state.js';
import type { FetchSettings } from '../settings.js';
import { digestFrom, type FetchSource, isDigestKnown } from '../source.js';
import { type Part, partsOf } from './parts.js';
import { Shares } from './shares.js';

export interface MetadataSource extends FetchSource {
  /** Where it is a digest in hexadecimal, as ImageProxy's are, the metadata must have it. */
  guid?: string;
}

/** A part that was fetched and checked. */
export interface FetchedPart extends Fetched {
  name: string;
  type: ImageType;
  /** Its bytes, as they came. */
  file: string;
}

export interface FetchedMetadata {
  /** Of the metadata file: the GUID of the image (IP3). */
  sha256: string;
  /** Of the metadata file. */
  from: string;
  parts: FetchedPart[];
  warnings: string[];
}

/**
 * Fetches a metadata file and the parts that it names, some at a time, each checked against its own digest. It goes on
 * from what an earlier call left in the folder.
 * @param folder this call's own.
 * @throws ReveilleError IMAGE_METADATA_INVALID, and as fetchSource does: where one part fails the others end. After a
 * digest that does not agree nothing is left.
 */
export async function fetchMetadata(
  source: MetadataSource,
  folder: string,
  settings: FetchSettings,
  context: ImageContext,
): Promise<FetchedMetadata> {
  const file = join(folder, 'metadata');
  const digests = { ...digestFrom(source.guid ?? ''), ...source.digests };
  const quiet = { ...context, progress: () => {} };
  const small = { ...settings, maxBytes: settings.maxMetadataBytes };
  const { sha256, from, warnings } = await fetchSource({ ...source, digests }, file, small, quiet);
  const parts = await readParts(file);
  // What a digest stands for, or a file of this host says, is the operator's word; what else a server says is not.
  const vouched = isDigestKnown(digests) || source.urls.every((url) => url.startsWith('file:'));
  const common = {
    trusted: source.trusted && vouched,
    credentials: source.credentials,
    origin: originOf(source),
  };
  const files = parts.map((part, index) => join(folder, `part-${index}.${digestOf(part).slice(0, 16)}`));
  try {
    const fetched = await fetchParts(parts, files, common, settings, context);
    return {
      sha256,
      from,
      parts: fetched,
      warnings: [...warnings, ...fetched.flatMap((part) => part.warnings)],
    };
  } catch (error) {
    if (isReveilleError(error) && error.code === 'IMAGE_DIGEST_MISMATCH') {
      for (const path of [file, ...files]) {
        await rm(path, { force: true });
        removeBeside(path, []);
      }
    }
    throw error;
  }
}

async function readParts(file: string): Promise<Part[]> {
  const text = await readFile(file, 'utf8');
  try {
    return partsOf(text);
  } catch (error) {
    // It may be mended at its URL.
    await rm(file, { force: true });
    throw error;
  }
}

interface Common {
  trusted: boolean;
  credentials: FetchSource['credentials'] | undefined;
  /** The only one that the credentials are for. */
  origin: string;
}

async function fetchParts(
  parts: readonly Part[],
  files: readonly string[],
  { trusted, credentials, origin }: Common,
  settings: FetchSettings,
  context: ImageContext,
): Promise<FetchedPart[]> {
  const shares = new Shares(context);
  const others = new AbortController();
  const signal = AbortSignal.any([context.signal, others.signal]);
  const work = parts.map((part, index) => ({
    part,
    index,
    file: files[index] ?? '',
    share: shares.context(signal),
  }));
  const fetched: FetchedPart[] = [];
  const waiting = work.values();
  const fetchInTurn = async (): Promise<void> => {
    // The others take from the same ones.
    for (const { part, index, file, share } of waiting) {
      const { name, type, url, digests } = part;
      const own = credentials !== undefined && URL.canParse(url) && new URL(url).origin === origin;
      const source = { urls: [url] as const, digests, trusted, ...(own ? { credentials } : {}) };
      fetched[index] = { ...(await fetchSource(source, file, settings, share)), name, type, file };
    }
  };
  const failed = (error: unknown): never => {
    const reason = named(error);
    others.abort(reason);
    throw reason;
  };
  const workers = Array.from({ length: settings.parts }, () => fetchInTurn().catch(failed));
  // All have let go of their files before anybody removes them.
  const ends = await Promise.allSettled(workers);
  const end = ends.find((one) => one.status === 'rejected');
  if (end !== undefined) throw others.signal.reason ?? end.reason;
  return fetched;
}

const named = (error: unknown): Error =>
  error instanceof Error ? error : new ReveilleError('INTERNAL', String(error));

const originOf = ({ urls: [first] }: FetchSource): string =>
  URL.canParse(first) ? new URL(first).origin : '';

const digestOf = ({ digests }: Part): string => digests.sha256 ?? digests.sha512 ?? digests.sha1 ?? '';
