import { ReveilleError } from '../../../errors/index.js';

/** What unpacking may come to: of a bomb, the little that is looked at first says nothing. */
export interface UnpackLimits {
  /** Length of what comes out, in all; holes count. */
  maxBytes: number;
  /** Bytes that take up disk, for each byte that was packed. Looked at from 16 MB on. */
  maxRatio: number;
  /** Entries of an archive. */
  maxEntries: number;
  /** Of the program that unpacks or converts. */
  maxMemoryBytes: number;
}

export const DEFAULT_UNPACK_LIMITS: UnpackLimits = {
  maxBytes: 200e9,
  maxRatio: 200,
  maxEntries: 1_000_000,
  maxMemoryBytes: 1 << 30,
};

const RATIO_FROM_BYTES = 16e6;

/** Counts what comes out, and stops what goes on for too long. */
export class Meter {
  /** Length so far. */
  bytes = 0;
  private stored = 0;

  constructor(
    private readonly packedBytes: number,
    private readonly limits: UnpackLimits,
  ) {}

  /** @throws ReveilleError IMAGE_UNPACKS_TOO_LARGE. */
  add(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > this.limits.maxBytes) {
      throw tooLarge(`it unpacks to more than ${this.limits.maxBytes} bytes`);
    }
  }

  /** @throws ReveilleError IMAGE_UNPACKS_TOO_LARGE. */
  addStored(bytes: number): void {
    this.stored += bytes;
    if (this.stored > RATIO_FROM_BYTES && this.stored > this.packedBytes * this.limits.maxRatio) {
      throw tooLarge(`it unpacks to more than ${this.limits.maxRatio} times its size`);
    }
  }
}

export const tooLarge = (why: string): ReveilleError =>
  new ReveilleError('IMAGE_UNPACKS_TOO_LARGE', `an image was not unpacked: ${why}`);
