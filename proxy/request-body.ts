import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * A client's body on its way to an instance. Nothing of it is read before the instance's connection asks for it,
 * so a request may be sent again as long as `touched` is false; and when the connection breaks, this stream dies
 * and not the client's socket, which still gets an answer.
 */
export class RequestBody extends Readable {
  /** Bytes of the client's body have been asked for. */
  touched = false;
  readonly #request: IncomingMessage;
  readonly #onFirstRead: () => void;

  /** @param onFirstRead called once, when the body is about to be read: the moment for `100 Continue`. */
  constructor(request: IncomingMessage, onFirstRead: () => void) {
    super();
    this.#request = request;
    this.#onFirstRead = onFirstRead;
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#request.pause();
  };

  readonly #onEnd = (): void => {
    this.push(null);
  };

  override _read(): void {
    if (!this.touched) {
      this.touched = true;
      this.#onFirstRead();
      this.#request.on('data', this.#onData).on('end', this.#onEnd);
    }
    this.#request.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.touched) {
      this.#request.off('data', this.#onData).off('end', this.#onEnd);
      // The rest goes nowhere, and the client's connection stays usable.
      this.#request.resume();
    }
    callback(error);
  }
}

/** Whether the request's head announces a body (RFC 9112 6.3). */
export function hasBody(request: IncomingMessage): boolean {
  const { headers } = request;
  if (headers['transfer-encoding'] !== undefined) return true;
  const length = headers['content-length'];
  return length !== undefined && Number(length) !== 0;
}
