/**
 * One sending of one request to one instance, and its answer on the way back. It streams both ways with
 * backpressure and decides nothing: how it ended is told to its owner, who may send again.
 */
import type { ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { fieldOf, responseHeaders, trailerFields } from './headers.js';
import type { RequestBody } from './request-body.js';
import type { Lane, Upstream } from './upstream.js';

/** How a sending failed. */
export interface AttemptFailure {
  error: Error;
  /** The request was written, in part at least, to a connection that stood. */
  sent: boolean;
  /** That connection had served another request: it may have been stale. */
  reused: boolean;
  /** Something of the answer came. */
  answered: boolean;
}

export interface AttemptOwner {
  readonly response: ServerResponse;
  /** Fields that the proxy adds to the answer. */
  addFields(headers: string[]): void;
  failed(failure: AttemptFailure): void;
}

/**
 * A handler of undici's first interface: its second one makes an object of the fields and loses their case and
 * order.
 */
export class Attempt implements Dispatcher.DispatchHandler {
  #abort: ((error?: Error) => void) | undefined;
  #sent = false;
  #reused = false;
  #answered = false;
  #hasLength = false;
  #flushed = false;
  #waitsForDrain = false;
  #over = false;

  constructor(
    private readonly owner: AttemptOwner,
    private readonly upstream: Upstream,
    private readonly lane: Lane,
  ) {}

  /** Sends. @param headers flat names and values. */
  start(method: string, path: string, headers: string[], body: RequestBody | null): void {
    this.lane.client.dispatch({ method, path, headers, body }, this);
  }

  /** The client has gone: nothing more is wanted, and the instance is told by the end of its connection. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#abort?.(new Error('The client has gone.'));
    this.upstream.give(this.lane, false);
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    if (this.#over) {
      abort(new Error('The client has gone.'));
      return;
    }
    this.#sent = true;
    this.#reused = this.lane.sent > 0;
    this.lane.sent++;
  }

  onResponseStarted(): void {
    this.#answered = true;
  }

  onHeaders(status: number, fields: Buffer[], resume: () => void, statusText: string): boolean {
    if (this.#over) return false;
    const raw = textOf(fields);
    if (status < 200) {
      this.#inform(status, raw);
      return true;
    }
    this.#hasLength = fieldOf(raw, 'content-length') !== undefined;
    const coding = fieldOf(raw, 'transfer-encoding');
    if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
      throw new InvalidAnswer(`Transfer-Encoding "${coding}" is not understood.`);
    }
    this.#writeHead(status, statusText, raw);
    this.#resume = resume;
    // With a body that follows at once, head and body leave in one piece; without, the client sees the head now.
    queueMicrotask(this.#flush);
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#over) return false;
    this.#flushed = true;
    if (this.owner.response.write(chunk)) return true;
    if (!this.#waitsForDrain) {
      this.#waitsForDrain = true;
      this.owner.response.once('drain', this.#onDrain);
    }
    return false;
  }

  onComplete(trailers: string[] | null): void {
    if (this.#over) return;
    if (this.lane.broken && !this.#hasLength) {
      this.onError(new Error('The connection was reset before the end of the answer was certain.'));
      return;
    }
    this.#over = true;
    this.#flushed = true;
    const { response } = this.owner;
    if (trailers !== null && trailers.length > 0) this.#addTrailers(trailers);
    response.end();
    this.upstream.give(this.lane, true);
  }

  onError(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.upstream.give(this.lane, false);
    this.owner.failed({ error, sent: this.#sent, reused: this.#reused, answered: this.#answered });
  }

  #resume: (() => void) | undefined;

  readonly #onDrain = (): void => {
    this.#waitsForDrain = false;
    this.#resume?.();
  };

  readonly #flush = (): void => {
    if (this.#flushed || this.#over) return;
    this.#flushed = true;
    this.owner.response.flushHeaders();
  };

  #writeHead(status: number, statusText: string, raw: string[]): void {
    const { response } = this.owner;
    const canTrail = !this.#hasLength && response.req.httpVersion === '1.1';
    const headers = responseHeaders(raw, { status, keepUpgrade: status === 426, canTrail });
    this.owner.addFields(headers);
    response.writeHead(status, statusText, headers);
  }

  /** Early hints are passed on; other 1xx of the instance concern this connection, or nobody. */
  #inform(status: number, raw: string[]): void {
    const { response } = this.owner;
    const link = fieldOf(raw, 'link');
    if (status !== 103 || link === undefined || response.req.httpVersion !== '1.1') return;
    try {
      response.writeEarlyHints({ link });
    } catch {
      // Node refuses links that it cannot read. A hint is not worth an error.
    }
  }

  #addTrailers(trailers: readonly (string | Buffer)[]): void {
    const { response } = this.owner;
    if (this.#hasLength || !response.chunkedEncoding) return;
    response.addTrailers(trailerFields(textOf(trailers)));
  }
}

/** The instance's answer breaks HTTP/1.1 in a way that undici lets through. */
export class InvalidAnswer extends Error {
  readonly code = 'INVALID_ANSWER';
}

/** Bytes of fields are latin1 on the wire and stay so. */
function textOf(fields: readonly (string | Buffer)[]): string[] {
  const text: string[] = new Array(fields.length);
  for (let i = 0; i < fields.length; i++) {
    const part = fields[i] ?? '';
    text[i] = typeof part === 'string' ? part : part.toString('latin1');
  }
  return text;
}
