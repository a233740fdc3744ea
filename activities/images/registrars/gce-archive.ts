import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';

const GIB = 1024 ** 3;
const BLOCK = 512;
/** The largest size that twelve octal digits, one of them a space, can say. */
const MAX_OCTAL = 8 ** 11 - 1;
const ZEROS = Buffer.alloc(1024 * 1024);

/**
 * A disk as Compute Engine imports it: a .tar.gz with the one file disk.raw, in GNU's old format, whose size is a whole
 * number of GiB (https://cloud.google.com/compute/docs/import/import-existing-image).
 */
export async function diskArchive(path: string, signal: AbortSignal): Promise<Readable> {
  const { size } = await stat(path);
  const whole = Math.max(1, Math.ceil(size / GIB)) * GIB;
  async function* parts(): AsyncGenerator<Buffer> {
    yield tarHeader('disk.raw', whole);
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) yield chunk as Buffer;
    for (let left = whole - size; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, left);
    // Two empty blocks end an archive; a whole number of GiB needs no filling up to a block.
    yield Buffer.alloc(2 * BLOCK);
  }
  // The zeros of a disk are most of it: they cost little at any level.
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  const source = Readable.from(parts(), { signal, objectMode: false });
  source.once('error', (error) => gzip.destroy(error));
  gzip.once('close', () => source.destroy());
  return source.pipe(gzip);
}

/** The head of one file (GNU tar's manual, "Basic Tar Format", oldgnu). */
export function tarHeader(name: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  block.write(name, 0, 'latin1');
  octal(0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  if (size <= MAX_OCTAL) octal(size, 124, 12);
  else {
    // What is larger stands in binary, with the highest bit set.
    block.writeBigUInt64BE(BigInt(size), 128);
    block[124] = 0x80;
  }
  octal(0, 136, 12);
  block.write('0', 156, 'latin1');
  block.write('ustar  \0', 257, 'latin1');
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
