import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { isReveilleError } from '../../../errors/index.js';
import { hasCode } from '../../host/atomic.js';
import { badArchive, unsafe } from './faults.js';
import { tooLarge, type UnpackLimits } from './limits.js';

/** One entry of an archive; its content has to be read before the next comes. */
export interface TarEntry {
  /** As the archive has it, without `./` and a slash at its end; empty for the folder itself. */
  readonly path: string;
  /** Of links: as the archive has it. */
  readonly target: string;
  /** `byteOffset`: where in the archive its content begins. */
  readonly header: Header & { readonly byteOffset: number };
  readonly content: AsyncIterable<Buffer>;
}

const BLOCK_BYTES = 512;

/**
 * Reads an archive from its start to its end.
 * @param onEntry what it does not read of an entry is skipped.
 * @throws ReveilleError IMAGE_ARCHIVE_INVALID, IMAGE_ARCHIVE_UNSAFE for names that climb, IMAGE_UNPACKS_TOO_LARGE for
 * too many entries; what `chunks` or `onEntry` throw.
 */
export async function readTar(
  chunks: AsyncIterable<Buffer>,
  { maxEntries }: Pick<UnpackLimits, 'maxEntries'>,
  onEntry: (entry: TarEntry) => Promise<void>,
): Promise<void> {
  const parser = extract();
  let failure: unknown;
  let zeros = 0;
  const watched = async function* () {
    try {
      for await (const chunk of chunks) {
        zeros = zerosAtEnd(chunk, zeros);
        yield chunk;
      }
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  const fed = pipeline(Readable.from(watched()), parser);
  // Looked at below: the parser's end brings the same error.
  fed.catch(() => {});
  let count = 0;
  try {
    for await (const entry of parser) {
      count += 1;
      if (count > maxEntries) throw tooLarge(`its archive has more than ${maxEntries} entries`);
      const { header } = entry;
      await onEntry({
        path: insidePath(header.name),
        target: header.linkname ?? '',
        header: header as TarEntry['header'],
        content: entry as AsyncIterable<Buffer>,
      });
      entry.resume();
    }
    await fed;
  } catch (error) {
    parser.destroy();
    // What reads the archive has ended, and closed its files.
    const parserError = await fed.then(
      () => error,
      (cause: unknown) => cause,
    );
    // Who was reading an entry then learns no more than that it has ended.
    throw failure ?? named(hasCode(error, 'STREAM_DESTROYED') ? parserError : error);
  }
  if (zeros < BLOCK_BYTES) throw badArchive('the tar archive is cut off: its end is missing');
}

/** The parser's own words, as the names of the catalogue. */
function named(error: unknown): unknown {
  if (isReveilleError(error) || !(error instanceof Error)) return error;
  if (error.message === 'Unexpected end of data') return badArchive('the tar archive is cut off', error);
  if (/^(Invalid (tar )?header|Header exceeds)/.test(error.message)) {
    return badArchive(`the bytes are no tar archive: ${error.message}`, error);
  }
  return error;
}

/** An archive ends with blocks of zeros. @returns how many zeros the bytes so far end with. */
function zerosAtEnd(chunk: Buffer, before: number): number {
  let zeros = 0;
  while (zeros < chunk.length && zeros < BLOCK_BYTES && chunk[chunk.length - 1 - zeros] === 0) zeros += 1;
  return zeros === chunk.length ? zeros + before : zeros;
}

const MAX_PATH = 4096;

/** @throws ReveilleError IMAGE_ARCHIVE_UNSAFE. */
export function insidePath(name: string): string {
  if (name.length > MAX_PATH || name.includes('\0'))
    throw unsafe('an entry of the archive has no proper name');
  if (name.startsWith('/')) throw unsafe(`the archive has an absolute path: ${shown(name)}`);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw unsafe(`the archive has a path that climbs: ${shown(name)}`);
  return parts.join('/');
}

/** A name of somebody else's, for a message. */
export const shown = (name: string): string => JSON.stringify(name.slice(0, 200));
