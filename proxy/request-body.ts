import type { IncomingMessage } from 'node:http';
import { ReveilleError } from '../errors/index.js';
import { fieldsOf } from './client-request.js';

/** Takes a body piece by piece. */
export interface BodySink {
  /** @returns false: no more until `resume`. */
  bodyChunk(chunk: Buffer): boolean;
  bodyEnd(): void;
}

/** Bounds of a client's body. */
export interface BodyLimits {
  /** Bytes of all of it; Infinity for any number. */
  readonly bytes: number;
  /** Longest pause between two pieces, and of reading what nobody wants any more. */
  readonly timeoutMs: number;
}

export interface BodyOwner {
  /** The body is larger or slower than it may be. Nothing more of it is passed on. */
  bodyFailed(error: ReveilleError): void;
}

/**
 * A client's body on its way to an instance. Nothing of it is read before the instance's connection stands, so a
 * request may be sent again as long as `touched` is false; and when that connection breaks, the client's stays
 * and still gets an answer.
 */
export class RequestBody {
  /** Bytes of the client's body have been asked for. */
  touched = false;
  #sink: BodySink | undefined;
  #bytes = 0;
  #paused = false;
  /** Runs out when nothing comes; while the instance takes nothing, the client is not to blame. */
  #stall: NodeJS.Timeout | undefined;

  constructor(
    private readonly request: IncomingMessage,
    private readonly limits: BodyLimits,
    private readonly owner: BodyOwner,
  ) {}

  start(sink: BodySink): void {
    this.touched = true;
    this.#sink = sink;
    this.request.on('data', this.#onData).on('end', this.#onEnd);
    this.#stall = setTimeout(this.#onStall, this.limits.timeoutMs);
  }

  resume(): void {
    this.#paused = false;
    this.#stall?.refresh();
    this.request.resume();
  }

  /** The rest goes nowhere, and the client's connection stays usable. */
  stop(): void {
    if (this.#sink === undefined) return;
    this.#sink = undefined;
    clearTimeout(this.#stall);
    this.request.off('data', this.#onData).off('end', this.#onEnd).resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes += chunk.length;
    if (this.#bytes > this.limits.bytes) {
      this.owner.bodyFailed(bodyTooLarge(this.limits));
      return;
    }
    this.#stall?.refresh();
    if (this.#sink?.bodyChunk(chunk) !== false) return;
    this.#paused = true;
    this.request.pause();
  };

  readonly #onEnd = (): void => {
    clearTimeout(this.#stall);
    this.#sink?.bodyEnd();
  };

  readonly #onStall = (): void => {
    if (this.#paused) return;
    const message = `Nothing of the body came for ${this.limits.timeoutMs} ms (proxy.limits.bodyTimeout).`;
    this.owner.bodyFailed(new ReveilleError('REQUEST_TIMEOUT', message));
  };
}

/** Whether the request's head announces a body (RFC 9112 6.3). */
export function hasBody(request: IncomingMessage): boolean {
  const fields = fieldsOf(request);
  if (fields['transfer-encoding'] !== undefined) return true;
  const length = fields['content-length'];
  return length !== undefined && Number(length) !== 0;
}

export function bodyTooLarge({ bytes }: BodyLimits): ReveilleError {
  return new ReveilleError('REQUEST_BODY_TOO_LARGE', `The body has more than ${bytes} bytes.`);
}

/**
 * After an answer that did not wait for the body's end: the rest is read to nowhere, for a time, since a connection
 * that is closed over unread bytes is reset, and the answer lost on its way.
 */
export function boundRest(request: IncomingMessage, { timeoutMs }: BodyLimits): void {
  const { socket } = request;
  if (request.complete || socket.destroyed) return;
  // Nothing is left to cut where nothing else keeps the process.
  const cut = setTimeout(() => socket.destroy(), timeoutMs).unref();
  const stop = (): void => clearTimeout(cut);
  request.once('end', stop).once('close', stop);
}
