import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { isReveilleError } from '../../../errors/index.js';
import type { ImageContext } from '../contract.js';
import type { Meter } from './limits.js';

/** What a file system allocates at a time. */
const BLOCK_BYTES = 4096;
const ZEROS = Buffer.alloc(BLOCK_BYTES);
const AHEAD_BYTES = 64 << 20;

/** Asks for room a good piece at a time, as each asking has its price; the last bit of room is asked for exactly. */
export class Room {
  private granted = 0;
  private used = 0;

  constructor(private readonly context: ImageContext) {}

  /** @throws ReveilleError IMAGE_NO_SPACE. */
  async take(bytes: number): Promise<void> {
    this.used += bytes;
    if (this.used <= this.granted) return;
    const ahead = this.used + Math.min(AHEAD_BYTES, this.used >> 2);
    try {
      await this.context.reserve(ahead);
      this.granted = ahead;
    } catch (error) {
      if (!isReveilleError(error) || error.code !== 'IMAGE_NO_SPACE') throw error;
      await this.context.reserve(this.used);
      this.granted = this.used;
    }
  }
}

/** A new file written from its start to its end, in which blocks of zeros are holes. */
export class SparseFile {
  private readonly hash = createHash('sha256');
  private position = 0;
  /** Less than a block, from the last chunk. */
  private rest: Buffer = Buffer.alloc(0);

  private constructor(
    private readonly handle: FileHandle,
    private readonly room: Room,
    private readonly meter: Meter,
  ) {}

  static async create(file: string, room: Room, meter: Meter): Promise<SparseFile> {
    return new SparseFile(await open(file, 'wx', 0o600), room, meter);
  }

  /** @throws ReveilleError IMAGE_NO_SPACE, IMAGE_UNPACKS_TOO_LARGE. */
  async write(chunk: Buffer): Promise<void> {
    this.meter.add(chunk.length);
    this.hash.update(chunk);
    const all = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const whole = all.length - (all.length % BLOCK_BYTES);
    await this.writeBlocks(all.subarray(0, whole));
    // A copy: the chunk may be used again by who gave it.
    this.rest = Buffer.from(all.subarray(whole));
  }

  /** @param mode permissions, where they are not private. @returns its length and digest. */
  async end(mode?: number): Promise<{ bytes: number; sha256: string }> {
    if (!ZEROS.subarray(0, this.rest.length).equals(this.rest)) await this.writeRun(this.rest);
    else this.position += this.rest.length;
    await this.handle.truncate(this.position);
    if (mode !== undefined) await this.handle.chmod(mode);
    return { bytes: this.position, sha256: this.hash.digest('hex') };
  }

  /** Always to be called, in the end. */
  async close(): Promise<void> {
    await this.handle.close();
  }

  private async writeBlocks(blocks: Buffer): Promise<void> {
    let start = 0;
    while (start < blocks.length) {
      let end = start;
      while (end < blocks.length && isZero(blocks, end)) end += BLOCK_BYTES;
      this.position += end - start;
      start = end;
      while (end < blocks.length && !isZero(blocks, end)) end += BLOCK_BYTES;
      if (end > start) await this.writeRun(blocks.subarray(start, end));
      start = end;
    }
  }

  private async writeRun(run: Buffer): Promise<void> {
    this.meter.addStored(run.length);
    await this.room.take(Math.ceil(run.length / BLOCK_BYTES) * BLOCK_BYTES);
    for (let done = 0; done < run.length; ) {
      done += (await this.handle.write(run, done, run.length - done, this.position + done)).bytesWritten;
    }
    this.position += run.length;
  }
}

const isZero = (blocks: Buffer, start: number): boolean =>
  blocks[start] === 0 && blocks.compare(ZEROS, 0, BLOCK_BYTES, start, start + BLOCK_BYTES) === 0;
