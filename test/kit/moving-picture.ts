/** A moving picture of screenshots: an animated PNG (APNG, W3C PNG Third Edition), put together of their chunks. */
import { crc32 } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

export interface Frame {
  /** A PNG; all frames have the same size and kind of pixels. */
  png: Buffer;
  showMs: number;
}

interface Chunk {
  type: string;
  data: Buffer;
}

/** The chunks of a PNG, in their order. */
export function chunksOf(png: Buffer): Chunk[] {
  if (!png.subarray(0, SIGNATURE.length).equals(SIGNATURE)) throw new Error('not a PNG');
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    chunks.push({ type, data: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

function encoded({ type, data }: Chunk): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

const uint32 = (...values: number[]): Buffer => {
  const buffer = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) buffer.writeUInt32BE(value, 4 * index);
  return buffer;
};

/** The whole picture again and again, each frame for its time. */
export function movingPicture(frames: readonly Frame[]): Buffer {
  const [first] = frames;
  const header = first && chunksOf(first.png).find(({ type }) => type === 'IHDR');
  if (!header) throw new Error('there is no frame with a header');
  const chunks: Chunk[] = [header, { type: 'acTL', data: uint32(frames.length, 0) }];
  let sequence = 0;
  for (const [index, { png, showMs }] of frames.entries()) {
    const own = chunksOf(png);
    if (!own.some(({ type, data }) => type === 'IHDR' && data.equals(header.data)))
      throw new Error(`frame ${index} is of another size or kind than the first`);
    const control = Buffer.alloc(26);
    uint32(sequence++, header.data.readUInt32BE(0), header.data.readUInt32BE(4)).copy(control);
    // At the left top corner; the time as a fraction of a second; neither disposed of nor blended.
    control.writeUInt16BE(showMs, 20);
    control.writeUInt16BE(1000, 22);
    chunks.push({ type: 'fcTL', data: control });
    for (const { data } of own.filter(({ type }) => type === 'IDAT'))
      chunks.push(
        index === 0
          ? { type: 'IDAT', data }
          : { type: 'fdAT', data: Buffer.concat([uint32(sequence++), data]) },
      );
  }
  chunks.push({ type: 'IEND', data: Buffer.alloc(0) });
  return Buffer.concat([SIGNATURE, ...chunks.map(encoded)]);
}
