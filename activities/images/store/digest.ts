import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

const READ_BYTES = 1 << 20;

export interface DigestOptions {
  signal?: AbortSignal;
  /** Told how many bytes were read since the last time. */
  onBytes?: (bytes: number) => void;
}

/** sha256 in hexadecimal and the length of a file; for a folder, of all that it holds. */
export async function digestOf(
  path: string,
  options: DigestOptions,
): Promise<{ sha256: string; bytes: number }> {
  const stat = await lstat(path);
  if (stat.isDirectory()) return await digestTree(path, options);
  // A link would have it read what is not of the image.
  if (!stat.isFile()) throw new Error(`${path} is neither a file nor a folder`);
  return await digestFile(path, options);
}

async function digestFile(
  file: string,
  { signal, onBytes }: DigestOptions,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = createReadStream(file, {
    highWaterMark: READ_BYTES,
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const chunk of stream) {
    hash.update(chunk);
    bytes += chunk.length;
    onBytes?.(chunk.length);
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** The digest of a list that has a line for each entry, by name: kind, permissions, path, and digest or target. */
async function digestTree(
  folder: string,
  options: DigestOptions,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const walk = async (inner: string): Promise<void> => {
    for (const entry of (await readdir(join(folder, inner))).sort()) {
      options.signal?.throwIfAborted();
      const path = inner === '' ? entry : `${inner}/${entry}`;
      const stat = await lstat(join(folder, path));
      const line = async (kind: string, content: string) =>
        hash.update(`${JSON.stringify([kind, stat.mode & 0o7777, path, content])}\n`);
      if (stat.isDirectory()) {
        await line('folder', '');
        await walk(path);
      } else if (stat.isSymbolicLink()) {
        await line('link', await readlink(join(folder, path)));
      } else {
        const file = await digestFile(join(folder, path), options);
        bytes += file.bytes;
        await line('file', file.sha256);
      }
    }
  };
  await walk('');
  return { sha256: hash.digest('hex'), bytes };
}
