import { type FileHandle, open } from 'node:fs/promises';
import { LogLines } from './log-lines.js';

const MAX_TAIL_BYTES = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/**
 * Reads the end of a resource's log file on this host, then what is added to it. The file may not exist yet, and
 * may be cut down to nothing at any time (its bound is kept by copying and truncating).
 */
export class LogFile {
  #lines: LogLines;
  #offset = 0;

  constructor(
    private readonly path: string,
    private readonly mask: (line: string) => string,
  ) {
    this.#lines = new LogLines(mask, false);
  }

  /** The last `count` lines of the file, at most 1 MiB of them. */
  async tail(count: number): Promise<string[]> {
    const bytes = await this.#read(async (file, size) => {
      const start = Math.max(0, size - MAX_TAIL_BYTES);
      this.#lines = new LogLines(this.mask, start > 0);
      this.#offset = start;
      return readAt(file, start, size - start);
    });
    const lines = this.#lines.push(bytes);
    return count === 0 ? [] : lines.slice(-count);
  }

  /** The line at the end that no newline has ended yet. */
  unfinished(): string[] {
    return this.#lines.flush();
  }

  /** Lines that were added since; empty where there are none yet. */
  async more(): Promise<string[]> {
    const bytes = await this.#read((file, size) => {
      if (size < this.#offset) this.#restart();
      return readAt(file, this.#offset, Math.min(CHUNK_BYTES, size - this.#offset));
    });
    return this.#lines.push(bytes);
  }

  #restart(): void {
    this.#offset = 0;
    this.#lines = new LogLines(this.mask, false);
  }

  async #read(part: (file: FileHandle, size: number) => Promise<Buffer>): Promise<Buffer> {
    let file: FileHandle;
    try {
      file = await open(this.path, 'r');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    }
    try {
      const bytes = await part(file, (await file.stat()).size);
      this.#offset += bytes.length;
      return bytes;
    } finally {
      await file.close();
    }
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
