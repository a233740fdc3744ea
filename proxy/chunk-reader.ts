/** The chunked coding (RFC 9112 7.1), taken off as strictly as heads are read. */
import { InvalidAnswer, readFields } from './answer-head.js';

/** Extensions are skipped; nobody uses them, and without a bound they could go on for ever. */
const MAX_EXTENSION_BYTES = 4096;
const MAX_TRAILER_BYTES = 16 * 1024;
/** Sizes stay exact in a number. */
const MAX_SIZE_DIGITS = 13;

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;
const SPACE = 0x20;
const TAB = 0x09;

/** Where in the coding the next byte is. */
const At = {
  Size: 0,
  Extension: 1,
  SizeLf: 2,
  Data: 3,
  DataCr: 4,
  DataLf: 5,
  Trailer: 6,
  Done: 7,
} as const;
type At = (typeof At)[keyof typeof At];

/** Takes a body, piece by piece. */
export interface DataSink {
  /** @param bytes valid during the call only. */
  data(bytes: Buffer, from: number, to: number): void;
}

export class ChunkReader {
  /** Names and values in turn; filled in when done. */
  trailers: string[] = [];
  #at: At = At.Size;
  #size = 0;
  #digits = 0;
  #extension = 0;
  #trailer = '';

  get done(): boolean {
    return this.#at === At.Done;
  }

  /** Bytes of the current chunk that are still to come. */
  get pending(): number {
    return this.#at === At.Data ? this.#size : 0;
  }

  /**
   * @returns how many bytes, from `from` on, belong to the message: less than there are only when done.
   * @throws InvalidAnswer
   */
  read(bytes: Buffer, from: number, to: number, sink: DataSink): number {
    let i = from;
    while (i < to && this.#at !== At.Done) {
      if (this.#at === At.Data) {
        const end = Math.min(to, i + this.#size);
        sink.data(bytes, i, end);
        this.#size -= end - i;
        i = end;
        if (this.#size === 0) this.#at = At.DataCr;
      } else if (this.#at === At.Trailer) {
        i += this.#readTrailer(bytes, i, to);
      } else {
        this.#step(bytes[i] ?? 0);
        i++;
      }
    }
    return i - from;
  }

  #step(code: number): void {
    switch (this.#at) {
      case At.Size:
        this.#readSize(code);
        return;
      case At.Extension:
        this.#skipExtension(code);
        return;
      case At.SizeLf:
        expect(code === LF);
        this.#at = this.#size === 0 ? At.Trailer : At.Data;
        this.#digits = 0;
        this.#extension = 0;
        return;
      case At.DataCr:
        expect(code === CR);
        this.#at = At.DataLf;
        return;
      default:
        expect(code === LF);
        this.#at = At.Size;
    }
  }

  #readSize(code: number): void {
    const digit = hexDigit(code);
    if (digit >= 0) {
      this.#digits++;
      expect(this.#digits <= MAX_SIZE_DIGITS);
      this.#size = this.#size * 16 + digit;
      return;
    }
    expect(this.#digits > 0 && (code === CR || code === SEMICOLON));
    this.#at = code === CR ? At.SizeLf : At.Extension;
  }

  #skipExtension(code: number): void {
    this.#extension++;
    expect(this.#extension <= MAX_EXTENSION_BYTES);
    if (code === CR) this.#at = At.SizeLf;
    else expect((code >= SPACE && code !== 0x7f) || code === TAB);
  }

  #readTrailer(bytes: Buffer, from: number, to: number): number {
    const before = this.#trailer.length;
    // Of the usual case, an empty line, no more than that is looked at.
    const most = Math.min(to, from + MAX_TRAILER_BYTES);
    const text = this.#trailer + bytes.toString('latin1', from, most);
    const end = text.startsWith('\r\n') ? 0 : text.indexOf('\r\n\r\n') + 2;
    if (end === 1) {
      expect(text.length < MAX_TRAILER_BYTES);
      this.#trailer = text;
      return most - from;
    }
    expect(end <= MAX_TRAILER_BYTES);
    this.trailers = readFields(text.slice(0, end));
    this.#at = At.Done;
    return end + 2 - before;
  }
}

function expect(right: boolean): void {
  if (!right) throw new InvalidAnswer('The chunks of the answer are malformed.');
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
