import type { IncomingMessage } from 'node:http';
import { fieldsOf } from './client-request.js';

/** Takes a body piece by piece. */
export interface BodySink {
  /** @returns false: no more until `resume`. */
  bodyChunk(chunk: Buffer): boolean;
  bodyEnd(): void;
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

  constructor(private readonly request: IncomingMessage) {}

  start(sink: BodySink): void {
    this.touched = true;
    this.#sink = sink;
    this.request.on('data', this.#onData).on('end', this.#onEnd);
  }

  resume(): void {
    this.request.resume();
  }

  /** The rest goes nowhere, and the client's connection stays usable. */
  stop(): void {
    if (this.#sink === undefined) return;
    this.#sink = undefined;
    this.request.off('data', this.#onData).off('end', this.#onEnd).resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#sink?.bodyChunk(chunk) === false) this.request.pause();
  };

  readonly #onEnd = (): void => {
    this.#sink?.bodyEnd();
  };
}

/** Whether the request's head announces a body (RFC 9112 6.3). */
export function hasBody(request: IncomingMessage): boolean {
  const fields = fieldsOf(request);
  if (fields['transfer-encoding'] !== undefined) return true;
  const length = fields['content-length'];
  return length !== undefined && Number(length) !== 0;
}
