import { link, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageContext, ImageType } from '../contract.js';
import { namedDiskError } from '../full-disk.js';
import { type Compression, decompressed, detectCompression } from './compression.js';
import { TarExtraction } from './extract-tar.js';
import { digHoles } from './holes.js';
import { Meter, type UnpackLimits } from './limits.js';
import { checkMagic, readHead } from './magic.js';
import { OciArchive } from './oci.js';
import { Room, SparseFile } from './sparse-file.js';
import { readTar } from './tar.js';

export interface UnpackOptions {
  /** What the bytes are, once decompressed. */
  type: ImageType;
  /** auto: seen from the first bytes; of ramdisks and files, what they are is kept as it is. */
  compression: Compression | 'auto';
  /** Folder for the result; nothing of that name may be in it. */
  into: string;
  /** Of the result within the folder. */
  name: string;
  /** Makes a folder of a `filesystem` instead of one tar file. */
  extract?: boolean;
  /** Of the file, where it is known: said again of a result that has the same bytes. */
  sha256?: string;
  limits: UnpackLimits;
  context: ImageContext;
}

/** What came of it. */
export interface Unpacked {
  /** Within `into`. */
  readonly path: string;
  readonly type: ImageType;
  /** Of a file whose digest is known by now. */
  readonly sha256?: string;
}

/**
 * Takes an image out of what is around it, and looks whether it is what it was said to be. Blocks of zeros become
 * holes. After an error nothing is left in the folder.
 * @param file in the same file system as `into`, and ours: where nothing is to be unpacked, it is linked there.
 * @throws ReveilleError IMAGE_ARCHIVE_INVALID, IMAGE_ARCHIVE_UNSAFE, IMAGE_UNPACKS_TOO_LARGE, IMAGE_TYPE_MISMATCH,
 * IMAGE_TOOL_MISSING, IMAGE_NO_SPACE; the signal's reason.
 */
export async function unpack(file: string, options: UnpackOptions): Promise<Unpacked> {
  const { type, into, name } = options;
  const compression = await compressionOf(file, options);
  const result = join(into, name);
  try {
    const isKept = compression === 'none' && type !== 'oci' && !options.extract;
    const sha256 = isKept
      ? await keep(file, result, options)
      : await write(file, result, compression, options);
    return { path: name, type, ...(sha256 === undefined ? {} : { sha256 }) };
  } catch (error) {
    await rm(result, { recursive: true, force: true });
    throw namedDiskError(error);
  }
}

const KEPT_AS_THEY_ARE = new Set<ImageType>(['ramdisk', 'file']);

async function compressionOf(file: string, { compression, type }: UnpackOptions): Promise<Compression> {
  if (compression !== 'auto') return compression;
  return KEPT_AS_THEY_ARE.has(type) ? 'none' : detectCompression(await readHead(file));
}

/** There is nothing to unpack: no second copy is made. */
async function keep(file: string, result: string, options: UnpackOptions): Promise<string | undefined> {
  const { type, limits, sha256, context } = options;
  const bytes = (await stat(file)).size;
  new Meter(bytes, limits).add(bytes);
  checkMagic(type, await readHead(file));
  if (type === 'filesystem') await readTar(chunksOf(file, 'none', options), limits, async () => {});
  await link(file, result);
  if (type === 'raw') await digHoles(result, context.signal);
  return sha256;
}

async function write(
  file: string,
  result: string,
  compression: Compression,
  options: UnpackOptions,
): Promise<string | undefined> {
  const { type, limits, context, extract = false } = options;
  const meter = new Meter((await stat(file)).size, limits);
  const room = new Room(context);
  const chunks = chunksOf(file, compression, options);
  if (extract) {
    const extraction = await TarExtraction.begin(result, room, meter);
    await readTar(chunks, limits, (entry) => extraction.add(entry));
    return undefined;
  }
  const written = await SparseFile.create(result, room, meter);
  try {
    const copied = copyTo(written, chunks);
    if (type === 'oci') {
      const archive = new OciArchive();
      await readTar(copied, limits, (entry) => archive.note(entry));
      const { sha256 } = await written.end();
      return (await archive.complete(result, room)) ? undefined : sha256;
    }
    if (type === 'filesystem') await readTar(copied, limits, async () => {});
    else for await (const _ of copied);
    const { sha256 } = await written.end();
    checkMagic(type, await readHead(result));
    return sha256;
  } finally {
    await written.close();
  }
}

/** The chunks, once they are written. */
async function* copyTo(file: SparseFile, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    await file.write(chunk);
    yield chunk;
  }
}

/** The decompressed bytes of a file, with progress in bytes of the file where that is seen, else of what comes out. */
async function* chunksOf(
  file: string,
  compression: Compression,
  { limits, context: { signal, progress } }: UnpackOptions,
): AsyncGenerator<Buffer> {
  const handle = await open(file, 'r');
  try {
    const total = (await handle.stat()).size;
    let read = 0;
    const onRead = (bytes: number) => {
      read += bytes;
      progress({ step: 'unpacking', bytes: read, total });
    };
    let unpacked = 0;
    for await (const chunk of decompressed(handle, compression, limits, onRead)) {
      signal.throwIfAborted();
      unpacked += chunk.length;
      if (read === 0) progress({ step: 'unpacking', bytes: unpacked });
      yield chunk;
    }
  } finally {
    await handle.close();
  }
}
