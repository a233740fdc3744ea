import { constants, fsyncSync, openSync, read, write } from 'node:fs';

/** Where the one file that is wanted lies among the bytes of a torrent. */
export interface Window {
  offset: number;
  length: number;
}

type Done<T> = (error: Error | null, value?: T) => void;
interface Range {
  offset?: number;
  length?: number;
}

/** A file on disk that holds, or will hold, one file of a torrent. No name of the torrent becomes a path. */
export class OneFile {
  /** Known once the torrent is. */
  window: Window = { offset: 0, length: 0 };
  #descriptor: number;

  /** @param writable where not, nothing is ever written to it. */
  constructor(path: string, writable: boolean) {
    const { O_RDWR, O_CREAT, O_RDONLY, O_NOFOLLOW } = constants;
    this.#descriptor = openSync(path, (writable ? O_RDWR | O_CREAT : O_RDONLY) | O_NOFOLLOW, 0o600);
  }

  /** Makes sure that all is on disk. */
  sync(): void {
    fsyncSync(this.#descriptor);
  }

  /** Gives bytes of the torrent; those outside of the window are zeros, so that their pieces do not pass. */
  read(from: number, length: number, done: Done<Uint8Array>): void {
    const all = Buffer.alloc(length);
    const { start, end } = this.#within(from, length);
    if (start >= end) {
      done(null, all);
      return;
    }
    read(this.#descriptor, all, start - from, end - start, start - this.window.offset, (error, bytes) => {
      if (error !== null) done(error);
      else if (bytes < end - start) done(new Error('not there yet'));
      else done(null, all);
    });
  }

  /** Takes bytes of the torrent; those outside of the window are dropped. */
  write(from: number, chunk: Uint8Array, done: Done<undefined>): void {
    const { start, end } = this.#within(from, chunk.length);
    if (start >= end) {
      done(null);
      return;
    }
    const length = end - start;
    write(this.#descriptor, chunk, start - from, length, start - this.window.offset, (error, bytes) => {
      if (error === null && bytes < length) done(new Error('the disk is full'));
      else done(error);
    });
  }

  #within(from: number, length: number): { start: number; end: number } {
    const { offset, length: size } = this.window;
    return { start: Math.max(from, offset), end: Math.min(from + length, offset + size) };
  }
}

/** A file as the class of chunk stores that WebTorrent makes its own from (the `abstract-chunk-store` interface). */
export function storeOf(file: OneFile): new (chunkLength: number) => object {
  return class {
    constructor(readonly chunkLength: number) {}

    put(index: number, chunk: Uint8Array, done: Done<undefined> = () => {}): void {
      file.write(index * this.chunkLength, chunk, done);
    }

    get(index: number, range: Range | null | Done<Uint8Array>, done: Done<Uint8Array> = () => {}): void {
      const [{ offset = 0, length = this.chunkLength - offset }, then] =
        typeof range === 'function' ? [{} as Range, range] : [range ?? {}, done];
      file.read(index * this.chunkLength + offset, length, then);
    }

    close(done: Done<undefined> = () => {}): void {
      done(null);
    }

    destroy(done: Done<undefined> = () => {}): void {
      done(null);
    }
  };
}
