import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { badArchive } from './faults.js';
import { tooLarge, type UnpackLimits } from './limits.js';
import { Program, type ProgramName } from './program.js';

export const COMPRESSIONS = ['none', 'gzip', 'bzip2', 'xz', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

const MAGIC: readonly [Exclude<Compression, 'none'>, string][] = [
  ['gzip', '1f8b'],
  ['bzip2', '425a68'],
  ['xz', 'fd377a585a00'],
  // The older format of the same program: lzma_alone.
  ['xz', '5d0000'],
  ['zstd', '28b52ffd'],
];

/** By the first bytes. */
export function detectCompression(head: Buffer): Compression {
  const start = head.subarray(0, 8).toString('hex');
  return MAGIC.find(([, magic]) => start.startsWith(magic))?.[0] ?? 'none';
}

const CHUNK_BYTES = 1 << 18;
/** zstd has its own bound on memory, in MiB: a window of more is refused. */
const MIB = 1 << 20;

/**
 * The bytes of a compressed file, unpacked. Programs do what Node.js has no native code for: they were measured at
 * three times the rate of the libraries in JavaScript, on a core of their own.
 * @throws ReveilleError IMAGE_ARCHIVE_INVALID for what is damaged or cut off, IMAGE_UNPACKS_TOO_LARGE for
 * what needs too much memory, IMAGE_TOOL_MISSING.
 */
export async function* decompressed(
  handle: FileHandle,
  compression: Compression,
  { maxMemoryBytes }: UnpackLimits,
  onRead: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  if (compression === 'none' || compression === 'gzip') {
    const source = createReadStream('', {
      fd: handle,
      start: 0,
      autoClose: false,
      highWaterMark: CHUNK_BYTES,
    });
    source.on('data', (chunk) => onRead(chunk.length));
    yield* compression === 'none' ? source : gunzipped(source);
    return;
  }
  const memory = Math.floor(maxMemoryBytes / 2);
  const args: Record<ProgramName & Compression, string[]> = {
    xz: ['--decompress', '--stdout', '--quiet', `--memlimit-decompress=${memory}`],
    bzip2: ['--decompress', '--stdout'],
    zstd: ['--decompress', '--stdout', '--quiet', `--memory=${Math.floor(memory / MIB)}MB`],
  };
  const program = new Program(compression, args[compression], { maxMemoryBytes, stdin: handle.fd });
  try {
    yield* program.child.stdout ?? [];
    const failure = await program.ended();
    if (failure !== undefined) throw failed(compression, failure, maxMemoryBytes);
  } finally {
    program.kill();
    await program.ended().catch(() => {});
  }
}

async function* gunzipped(source: NodeJS.ReadableStream & { destroy(error?: Error): unknown }) {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  source.once('error', (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  try {
    yield* gunzip;
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
      throw damaged('gzip', error.message);
    throw error;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

function failed(compression: Compression, said: string, maxMemoryBytes: number) {
  if (!/memory/i.test(said)) return damaged(compression, said);
  return tooLarge(
    `${compression} needs more than the ${maxMemoryBytes} bytes of memory that it may have (${said})`,
  );
}

function damaged(compression: Compression, said: string) {
  const isCutOff = /unexpected|premature|truncated|ends/i.test(said);
  return badArchive(`the ${compression} data is ${isCutOff ? 'cut off' : 'damaged'}: ${said}`);
}
