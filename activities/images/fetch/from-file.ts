import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ReveilleError } from '../../../errors/index.js';
import type { ImageContext } from '../contract.js';
import type { PartFile } from './part-file.js';

const BLOCK_BYTES = 1024 ** 2;
const ZEROS = Buffer.alloc(BLOCK_BYTES);
/** Of what the file system reports as allocated. */
const SECTOR_BYTES = 512;

/**
 * Copies a file of this host, holes as holes. It is copied rather than linked: whoever owns it may write to it later.
 * @throws ReveilleError IMAGE_SOURCE_INVALID where it is no plain file, IMAGE_LENGTH_WRONG where it changes meanwhile;
 * as PartFile.append does.
 */
export async function fromFile(
  url: URL,
  part: PartFile,
  context: ImageContext,
  signal: AbortSignal,
): Promise<void> {
  const source = await openSource(url);
  try {
    const before = await source.stat();
    if (!before.isFile()) throw invalid(url, 'is not a plain file');
    await part.restart();
    await part.reserve(Math.min(before.size, before.blocks * SECTOR_BYTES));
    await copy(source, before.size, part, context, signal);
    const after = await source.stat();
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
      throw new ReveilleError('IMAGE_LENGTH_WRONG', `${url.pathname} was changed while it was copied`);
    }
  } finally {
    await source.close();
  }
}

async function copy(
  source: FileHandle,
  total: number,
  part: PartFile,
  context: ImageContext,
  signal: AbortSignal,
): Promise<void> {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  while (part.size < total) {
    signal.throwIfAborted();
    const { bytesRead } = await source.read(block, 0, BLOCK_BYTES, part.size);
    if (bytesRead === 0) break;
    const read = block.subarray(0, bytesRead);
    if (read.equals(ZEROS.subarray(0, bytesRead))) await part.skip(bytesRead);
    else await part.append([read], bytesRead);
    context.progress({ step: 'fetching', bytes: part.size, total });
  }
}

async function openSource(url: URL): Promise<FileHandle> {
  let path: string;
  try {
    path = fileURLToPath(url);
  } catch (error) {
    throw invalid(url, 'names no file of this host', error);
  }
  try {
    // A pipe without a writer must not hold the open.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw invalid(url, error instanceof Error ? error.message : String(error), error);
  }
}

const invalid = (url: URL, why: string, cause?: unknown): ReveilleError =>
  new ReveilleError('IMAGE_SOURCE_INVALID', `file://${url.pathname}: ${why}`, { cause });
