/**
 * One sending of one request to one instance, and its answer on the way back. It streams both ways with
 * backpressure and decides nothing: how it ended is told to its owner, who may send again.
 */
import type { ServerResponse } from 'node:http';
import { fieldOf } from '../access/raw-fields.js';
import type { AnswerHead } from './answer-head.js';
import { responseHeaders, trailerFields } from './headers.js';
import type { Lane, LaneUser } from './lane.js';
import type { BodySink, RequestBody } from './request-body.js';

/** A first piece of at most this size waits for the end of its read: head and body may leave as one string. */
const SMALL_BYTES = 8 * 1024;

/** How a sending failed. */
export interface AttemptFailure {
  error: Error;
  /** The request was written, in part at least, to a connection that stood. */
  sent: boolean;
  /** That connection had served another request: it may have been stale. */
  reused: boolean;
  /** A whole head came. */
  answered: boolean;
  /** Something was read from that connection, if only a part of a head. */
  heard: boolean;
}

export interface AttemptOwner {
  readonly response: ServerResponse;
  /** Bytes of the client's body are about to be read: the moment for `100 Continue`. */
  bodyWanted(): void;
  /** Fields that the proxy adds to the answer. */
  addFields(headers: string[]): void;
  failed(failure: AttemptFailure): void;
}

/** The request, as it is written. */
export interface Sending {
  /** Request line and fields, up to and with the empty line. */
  head: string;
  isHead: boolean;
  body: RequestBody | null;
  /** The body goes in chunks: its length is not known. */
  chunked: boolean;
}

export class Attempt implements LaneUser, BodySink {
  #sent = false;
  #reused = false;
  #answered = false;
  #hasLength = false;
  /** The client has, or is about to have, the head. */
  #flushed = false;
  #first: string | undefined;
  #waitsForDrain = false;
  #over = false;

  constructor(
    private readonly owner: AttemptOwner,
    private lane: Lane,
    private readonly sending: Sending,
  ) {}

  start(): void {
    this.lane.use(this, this.sending.isHead);
  }

  /** The client has gone: nothing more is wanted, and the instance is told by the end of its connection. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.lane.destroy();
    this.sending.body?.stop();
  }

  connected(lane: Lane): void {
    const { sending } = this;
    this.lane = lane;
    this.#sent = true;
    this.#reused = lane.sent > 0;
    lane.sent++;
    lane.requestOver = sending.body === null;
    lane.write(sending.head);
    if (sending.body === null) return;
    this.owner.bodyWanted();
    sending.body.start(this);
  }

  bodyChunk(chunk: Buffer): boolean {
    const { lane } = this;
    if (!this.sending.chunked) return lane.write(chunk);
    lane.cork();
    lane.write(`${chunk.length.toString(16)}\r\n`);
    lane.write(chunk);
    const more = lane.write('\r\n');
    lane.uncork();
    return more;
  }

  bodyEnd(): void {
    if (this.sending.chunked) this.lane.write('0\r\n\r\n');
    this.lane.requestOver = true;
  }

  drained(): void {
    this.sending.body?.resume();
  }

  /** Early hints are passed on; other 1xx of the instance concern this connection, or nobody. */
  interim({ status, fields }: AnswerHead): void {
    this.#answered = true;
    const { response } = this.owner;
    const link = fieldOf(fields, 'link');
    if (status !== 103 || link === undefined || response.req.httpVersion !== '1.1') return;
    try {
      response.writeEarlyHints({ link });
    } catch {
      // Node refuses links that it cannot read. A hint is not worth an error.
    }
  }

  head({ status, reason, fields, length }: AnswerHead): void {
    this.#answered = true;
    this.#hasLength = length >= 0;
    const { response } = this.owner;
    const canTrail = !this.#hasLength && response.req.httpVersion === '1.1';
    const headers = responseHeaders(fields, { status, keepUpgrade: status === 426, canTrail });
    this.owner.addFields(headers);
    response.writeHead(status, reason, headers);
  }

  data(bytes: Buffer, from: number, to: number): void {
    if (!this.#flushed && this.#first === undefined && to - from <= SMALL_BYTES) {
      this.#first = bytes.toString('latin1', from, to);
      return;
    }
    this.#writeFirst();
    this.#flushed = true;
    const part = bytes.subarray(from, to);
    this.#write(this.lane.lent ? part : Buffer.from(part));
  }

  completed(trailers: readonly string[]): void {
    this.#over = true;
    this.sending.body?.stop();
    if (trailers.length > 0) this.#addTrailers(trailers);
    const { response } = this.owner;
    if (this.#first === undefined) {
      response.end();
    } else if (this.#hasLength) {
      // Ended together, head and body would leave as two pieces: that costs more than a tick.
      response.write(this.#first, 'latin1');
      process.nextTick(endResponse, response);
    } else {
      response.end(this.#first, 'latin1');
    }
  }

  failed(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.sending.body?.stop();
    const { heard } = this.lane;
    this.owner.failed({ error, sent: this.#sent, reused: this.#reused, answered: this.#answered, heard });
  }

  readOver(): boolean {
    if (this.#first !== undefined) this.#writeFirst();
    // Without a body as yet: the client sees the head now.
    else if (!this.#flushed && this.owner.response.headersSent) this.owner.response.flushHeaders();
    this.#flushed = this.owner.response.headersSent;
    return !this.#waitsForDrain;
  }

  #writeFirst(): void {
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined) this.#write(first);
  }

  #write(data: string | Buffer): void {
    const { response } = this.owner;
    const more = typeof data === 'string' ? response.write(data, 'latin1') : response.write(data);
    if (more || this.#waitsForDrain) return;
    this.#waitsForDrain = true;
    response.once('drain', () => {
      this.#waitsForDrain = false;
      this.lane.resume();
    });
  }

  #addTrailers(trailers: readonly string[]): void {
    const { response } = this.owner;
    if (this.#hasLength || !response.chunkedEncoding) return;
    response.addTrailers(trailerFields(trailers));
  }
}

function endResponse(response: ServerResponse): void {
  response.end();
}
