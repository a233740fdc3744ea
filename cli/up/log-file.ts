import {
  closeSync,
  copyFileSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

const LOOK_EVERY_MS = 300;
const MAX_BYTES = 5_000_000;
const CHUNK_BYTES = 64 * 1024;

/**
 * The log of one child, written by the child itself: nothing that it says waits for us, or is lost when we
 * die. Bounded, with one older file of the same size beside it.
 */
export class LogFile {
  private offset: number;
  private readonly decoder = new StringDecoder('utf8');
  private partial = '';
  private readonly timer: NodeJS.Timeout;

  /** @param onLine sees each line that is written from now on */
  constructor(
    readonly path: string,
    private readonly onLine: (line: string) => void,
    private readonly maxBytes = MAX_BYTES,
  ) {
    mkdirSync(dirname(path), { recursive: true });
    this.offset = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  /** A descriptor for the child's stdio. Close it once the child has its copy. */
  open(): number {
    return openSync(this.path, 'a', 0o600);
  }

  /** Reads what is new, and cuts the file where it has grown past its bound. */
  look(): void {
    let fd: number;
    try {
      fd = openSync(this.path, 'r');
    } catch {
      return;
    }
    try {
      const { size } = fstatSync(fd);
      if (size < this.offset) this.offset = 0;
      const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, Math.max(0, size - this.offset)));
      while (this.offset < size) {
        const count = readSync(fd, buffer, 0, buffer.length, this.offset);
        if (count === 0) break;
        this.offset += count;
        this.take(this.decoder.write(buffer.subarray(0, count)));
      }
      // The child appends: after the cut it goes on at the file's new end.
      if (size > this.maxBytes) {
        copyFileSync(this.path, `${this.path}.1`);
        truncateSync(this.path, 0);
        this.offset = 0;
      }
    } finally {
      closeSync(fd);
    }
  }

  close(): void {
    clearInterval(this.timer);
    this.look();
  }

  private take(text: string): void {
    const lines = (this.partial + text).split('\n');
    this.partial = (lines.pop() ?? '').slice(-CHUNK_BYTES);
    for (const line of lines) this.onLine(line);
  }
}
