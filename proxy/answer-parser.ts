/** Cuts what an instance sends into answers: one request's at a time, and never a byte more (RFC 9112 6.3). */
import { type AnswerHead, InvalidAnswer, readAnswerHead } from './answer-head.js';
import { ChunkReader, type DataSink } from './chunk-reader.js';

const MAX_HEAD_BYTES = 64 * 1024;
const END_OF_HEAD = '\r\n\r\n';
const HTTP_1 = 'HTTP/1.';
const CR = 0x0d;
const NONE: readonly string[] = [];

/** Takes one answer, piece by piece. */
export interface AnswerSink extends DataSink {
  /** A 1xx that comes before the answer. */
  interim(head: AnswerHead): void;
  head(head: AnswerHead): void;
}

/** How the end of a body is known. */
const Body = { Head: 0, Length: 1, Chunks: 2, Close: 3, Done: 4 } as const;
type Body = (typeof Body)[keyof typeof Body];

export class AnswerParser {
  /** The connection may be used again once the answer is complete. */
  keepAlive = false;
  /** What was hinted at, in seconds. */
  idleSeconds: number | undefined;
  #state: Body = Body.Done;
  #isHead = false;
  #stash: Buffer | undefined;
  #left = 0;
  #chunks: ChunkReader | undefined;

  /** The answer to a request begins. @param isHead the request's method was HEAD. */
  begin(isHead: boolean): void {
    this.#state = Body.Head;
    this.#isHead = isHead;
    this.#chunks = undefined;
  }

  get done(): boolean {
    return this.#state === Body.Done;
  }

  /** Names and values in turn, once done. */
  get trailers(): readonly string[] {
    return this.#chunks?.trailers ?? NONE;
  }

  /** How much of a body is sure to come; of one without a length, as much as there can be. */
  get pending(): number {
    if (this.#state === Body.Length) return this.#left;
    if (this.#state === Body.Chunks) return this.#chunks?.pending ?? 0;
    return this.#state === Body.Close ? Number.MAX_SAFE_INTEGER : 0;
  }

  /**
   * @returns how many bytes belong to the answer; fewer than there are only when it is done.
   * @throws InvalidAnswer
   */
  read(bytes: Buffer, length: number, sink: AnswerSink): number {
    let at = 0;
    while (this.#state === Body.Head && at < length) at = this.#readHead(bytes, at, length, sink);
    if (at < length) at += this.#readBody(bytes, at, length, sink);
    return at;
  }

  /**
   * The instance has ended the connection.
   * @returns whether the answer is complete.
   */
  end(): boolean {
    if (this.#state === Body.Close) this.#state = Body.Done;
    return this.#state === Body.Done;
  }

  #readHead(bytes: Buffer, from: number, to: number, sink: AnswerSink): number {
    const stash = this.#stash;
    if (stash !== undefined) return this.#readStashed(stash, bytes.subarray(from, to), sink) + from;
    const end = bytes.indexOf(END_OF_HEAD, from, 'latin1');
    // Beyond `to` is what an earlier read left behind.
    if (end >= 0 && end + END_OF_HEAD.length <= to) {
      this.#takeHead(bytes.toString('latin1', from, end + 2), sink);
      return end + END_OF_HEAD.length;
    }
    this.#keep(Buffer.from(bytes.subarray(from, to)));
    return to;
  }

  /** @returns how many of the new bytes belong to the head. */
  #readStashed(stash: Buffer, fresh: Buffer, sink: AnswerSink): number {
    const all = Buffer.concat([stash, fresh]);
    const end = all.indexOf(END_OF_HEAD, Math.max(0, stash.length - END_OF_HEAD.length + 1), 'latin1');
    if (end < 0) {
      this.#keep(all);
      return fresh.length;
    }
    this.#stash = undefined;
    this.#takeHead(all.toString('latin1', 0, end + 2), sink);
    return end + END_OF_HEAD.length - stash.length;
  }

  #keep(bytes: Buffer): void {
    if (bytes.length > MAX_HEAD_BYTES) throw new InvalidAnswer('The head of the answer is too large.');
    checkBeginning(bytes);
    this.#stash = bytes;
  }

  #takeHead(text: string, sink: AnswerSink): void {
    if (text.length > MAX_HEAD_BYTES) throw new InvalidAnswer('The head of the answer is too large.');
    const head = readAnswerHead(text);
    if (head.status === 101)
      throw new InvalidAnswer('The instance switched protocols, which nobody asked for.');
    if (head.status < 200) {
      sink.interim(head);
      return;
    }
    this.keepAlive = head.keepAlive;
    this.idleSeconds = head.idleSeconds;
    this.#state = this.#bodyOf(head);
    sink.head(head);
  }

  /** RFC 9112 6.3, in its order. */
  #bodyOf({ status, chunked, length }: AnswerHead): Body {
    if (this.#isHead || status === 204 || status === 304) return Body.Done;
    if (chunked) {
      this.#chunks = new ChunkReader();
      return Body.Chunks;
    }
    this.#left = length;
    if (length < 0) this.keepAlive = false;
    return length > 0 ? Body.Length : length === 0 ? Body.Done : Body.Close;
  }

  #readBody(bytes: Buffer, from: number, to: number, sink: AnswerSink): number {
    if (this.#state === Body.Length) {
      const end = Math.min(to, from + this.#left);
      sink.data(bytes, from, end);
      this.#left -= end - from;
      if (this.#left === 0) this.#state = Body.Done;
      return end - from;
    }
    if (this.#state === Body.Chunks && this.#chunks !== undefined) {
      const taken = this.#chunks.read(bytes, from, to, sink);
      if (this.#chunks.done) this.#state = Body.Done;
      return taken;
    }
    if (this.#state !== Body.Close) return 0;
    sink.data(bytes, from, to);
    return to - from;
  }
}

/** Who does not speak HTTP/1.1 may never send an empty line: it is told from the first bytes. */
function checkBeginning(bytes: Buffer): void {
  const prefix = bytes.toString('latin1', 0, Math.min(bytes.length, HTTP_1.length));
  const line = bytes.indexOf('\n');
  const bare = line >= 0 && bytes[line - 1] !== CR;
  if (!HTTP_1.startsWith(prefix) || bare) {
    throw new InvalidAnswer('The answer does not begin as HTTP/1.1 does.');
  }
}
