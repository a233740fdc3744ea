import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';

const BLOCK = 256 * 1024;

export interface Sum {
  bytes: number;
  crc: number;
}

/** So many bytes that do not repeat, and what they sum up to once they have been read. */
export function someBytes(size: number): { stream: Readable; sum: Sum } {
  const sum = { bytes: 0, crc: 0 };
  const pattern = randomBytes(BLOCK);
  function* blocks() {
    while (sum.bytes < size) {
      const block = Buffer.from(pattern.subarray(0, Math.min(BLOCK, size - sum.bytes)));
      if (block.length >= 8) block.writeDoubleLE(sum.bytes);
      sum.crc = crc32(block, sum.crc);
      sum.bytes += block.length;
      yield block;
    }
  }
  return { stream: Readable.from(blocks(), { objectMode: true, highWaterMark: 2 }), sum };
}

/** Reads to the end, keeping nothing. @param sum grows meanwhile. */
export async function takeBytes(
  source: AsyncIterable<Uint8Array>,
  sum: Sum = { bytes: 0, crc: 0 },
): Promise<Sum> {
  for await (const chunk of source) {
    sum.crc = crc32(chunk, sum.crc);
    sum.bytes += chunk.length;
  }
  return sum;
}

export function answerBytes(response: ServerResponse, size: number, done: (sum: Sum) => void): void {
  const { stream, sum } = someBytes(size);
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': size });
  pipeline(stream, response).then(
    () => done(sum),
    () => {},
  );
}
