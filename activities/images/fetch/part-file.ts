import { constants } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { ReveilleError } from '../../../errors/index.js';
import { hasCode } from '../../host/atomic.js';
import type { ImageContext } from '../contract.js';
import { Follower } from './follower.js';
import type { HashAlgorithm } from './hash-messages.js';

export interface PartLimits {
  maxBytes: number;
  /** Asked for at once where nobody says how much will come. */
  reserveStepBytes: number;
}

/**
 * The file that bytes are fetched into. It is written from its start on, one write at a time: after the death of this
 * process it holds a beginning of the bytes, which the next one goes on from.
 */
export class PartFile {
  /** Bytes that are there. */
  size: number;
  /** The most that were there: progress, where an attempt had to start again. */
  reached: number;
  #handle: FileHandle;
  #follower: Follower | undefined;
  #reserved = 0;

  private constructor(
    private readonly path: string,
    private readonly algorithms: readonly HashAlgorithm[],
    private readonly limits: PartLimits,
    private readonly context: ImageContext,
    handle: FileHandle,
    size: number,
  ) {
    this.#handle = handle;
    this.size = size;
    this.reached = size;
  }

  /** Opens the file, or makes it, for this user's eyes alone. */
  static async open(
    path: string,
    algorithms: readonly HashAlgorithm[],
    limits: PartLimits,
    context: ImageContext,
  ): Promise<PartFile> {
    const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
    const handle = await open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
    const { size } = await handle.stat();
    const part = new PartFile(path, algorithms, limits, context, handle, size);
    if (size > 0) part.#follow();
    return part;
  }

  /**
   * Sets room aside for the whole.
   * @throws ReveilleError IMAGE_TOO_LARGE, IMAGE_NO_SPACE.
   */
  async reserve(bytes: number): Promise<void> {
    if (bytes > this.limits.maxBytes) {
      throw new ReveilleError('IMAGE_TOO_LARGE', `${bytes} bytes, and ${this.limits.maxBytes} are allowed`);
    }
    if (bytes <= this.#reserved) return;
    await this.context.reserve(bytes);
    this.#reserved = bytes;
  }

  /**
   * Writes at the end. Not to be called before the last call is done.
   * @throws ReveilleError IMAGE_TOO_LARGE, IMAGE_NO_SPACE also where the disk is full.
   */
  async append(chunks: readonly Uint8Array[], bytes: number): Promise<void> {
    const end = this.size + bytes;
    if (end > this.#reserved) {
      await this.reserve(Math.max(end, Math.min(end + this.limits.reserveStepBytes, this.limits.maxBytes)));
    }
    try {
      const { bytesWritten } = await this.#handle.writev(chunks, this.size);
      if (bytesWritten < bytes) await this.#writeRest(Buffer.concat(chunks), bytesWritten);
    } catch (error) {
      throw named(error, 'written');
    }
    this.#move(end);
  }

  /** Goes on as if so many zeros were written, without the room for them. */
  async skip(bytes: number): Promise<void> {
    const end = this.size + bytes;
    await this.#handle.truncate(end);
    this.#move(end);
  }

  /** Forgets all bytes. */
  async restart(): Promise<void> {
    await this.#follower?.close();
    this.#follower = undefined;
    await this.#handle.truncate(0);
    this.size = 0;
  }

  /** Takes a file of the same folder as its bytes. */
  async adopt(file: string): Promise<void> {
    await this.close();
    await rename(file, this.path);
    this.#handle = await open(this.path, constants.O_RDWR | constants.O_NOFOLLOW);
    const { size } = await this.#handle.stat();
    this.#follower = undefined;
    this.#move(size);
  }

  /** Digests of all that is there, in hexadecimal. @throws the signal's reason. */
  async digests(signal: AbortSignal): Promise<ReadonlyMap<HashAlgorithm, string>> {
    signal.throwIfAborted();
    const follower = this.#follow();
    const stop = (): void => void follower.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const total = this.size;
      return await follower.digests(total, (bytes) =>
        this.context.progress({ step: 'checking', bytes, total }),
      );
    } catch (error) {
      signal.throwIfAborted();
      throw named(error, 'read');
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async close(): Promise<void> {
    await this.#follower?.close();
    await this.#handle.close();
  }

  #move(end: number): void {
    this.size = end;
    this.reached = Math.max(this.reached, end);
    this.#follow().written(end);
  }

  #follow(): Follower {
    this.#follower ??= new Follower(this.path, this.algorithms);
    return this.#follower;
  }

  async #writeRest(all: Buffer, written: number): Promise<void> {
    for (let done = written; done < all.length; ) {
      const { bytesWritten } = await this.#handle.write(all, done, all.length - done, this.size + done);
      done += bytesWritten;
    }
  }
}

function named(error: unknown, what: 'read' | 'written'): ReveilleError {
  const full = ['ENOSPC', 'EDQUOT', 'EFBIG'].some((code) => hasCode(error, code));
  if (full) return new ReveilleError('IMAGE_NO_SPACE', 'the disk is full', { cause: error });
  const why = error instanceof Error ? error.message : String(error);
  return new ReveilleError('IMAGE_DISK_FAILED', `an image cannot be ${what}: ${why}`, { cause: error });
}
