/** One client connection: its requests are served one after the other, also where they are pipelined. */
import type { Duplex } from 'node:stream';
import type { SenderText } from './headers.js';

const KEY: unique symbol = Symbol('reveille connection');

/** What is served on a connection now. */
export interface Serving {
  start(): void;
  /** The client sent something after this that cannot be parsed: the connection is lost. */
  broken(): boolean;
}

export class ClientConnection {
  current: Serving | undefined;
  /** An error was answered: what still comes is not looked at. */
  closing = false;
  /** Bytes of its answers that the access log has told of. */
  toldBytes = 0;
  /** What instances are told of this client; see headers.ts. */
  readonly sender: SenderText = { authority: undefined, text: '' };
  readonly #waiting: Serving[] = [];

  constructor(private readonly socket: Duplex) {
    socket.once('close', () => this.#waiting.splice(0));
  }

  /**
   * Serves now, or after those that came before: only safe requests might run side by side (RFC 9112 9.3.2), and
   * a request that is not first would be held while its own answer has no way out.
   * @param most that may wait.
   * @returns false where one more came: nothing more is served here.
   */
  serve(serving: Serving, most: number): boolean {
    if (!this.#usable) return true;
    if (this.current === undefined) {
      this.current = serving;
      serving.start();
    } else if (this.#waiting.length < most) {
      this.#waiting.push(serving);
    } else {
      this.closing = true;
      this.socket.destroy();
      return false;
    }
    return true;
  }

  /** The current one has ended. */
  next(): void {
    this.current = this.#usable ? this.#waiting.shift() : undefined;
    this.current?.start();
  }

  /**
   * After an answer that said `Connection: close` nothing more is served (RFC 9112 9.6): the answer would have no way
   * out, and nobody would hear that it has ended.
   */
  get #usable(): boolean {
    return !this.closing && this.socket.writable;
  }
}

interface Known extends Duplex {
  [KEY]?: ClientConnection;
}

/** The connection of a socket. */
export function connectionOf(socket: Duplex): ClientConnection {
  const known: Known = socket;
  known[KEY] ??= new ClientConnection(socket);
  return known[KEY];
}
