/** One connection to an instance, lent to one request at a time. */
import { connect, type Socket } from 'node:net';
import type { Endpoint } from '../workflows/messages.js';
import { AnswerParser, type AnswerSink } from './answer-parser.js';

/** A connection that is not accepted in this time counts as refused. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Below the usual 5 s of servers, so that the proxy is the one who closes. */
const IDLE_MS = 4000;
/** Off a server's hint: what is on its way when the server closes would be lost. */
const IDLE_MARGIN_MS = 1000;
const IDLE_MAX_MS = 60_000;
const READ_BYTES = 64 * 1024;
/** Of a large body, reads of at least this size are not copied but passed on where they were read. */
const LEND_BYTES = 8 * 1024;

/** Most connections read here, one after the other: what is read is used or copied before the next read. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES);

/** Who has the connection. */
export interface LaneUser extends AnswerSink {
  /** This connection stands, the one that was lent or another: the request may be written. */
  connected(lane: Lane): void;
  /** What was written has gone out. */
  drained(): void;
  /** No more of this read is to come now. @returns false: stop reading until `resume`. */
  readOver(): boolean;
  /** The answer is complete; the lane has been given back or closed already. */
  completed(trailers: readonly string[]): void;
  /** The connection or the answer broke; the lane is closed. */
  failed(error: Error): void;
}

/** Where lanes go when their answer is complete. */
export interface LanePool {
  give(lane: Lane): void;
  forget(lane: Lane): void;
  /** The instance has accepted it: something was read. */
  proven(lane: Lane): void;
  /** A connection was refused. */
  refused(error: Error): void;
}

export class Lane {
  /** Requests sent on this connection. */
  sent = 0;
  /** How long it may be kept without a request, in ms. */
  idleMs = IDLE_MS;
  /** Monotonic time (ms) from which it is not used again; set by its pool. */
  idleUntil = 0;
  /** The request has been written whole: only then may another one follow its answer. */
  requestOver = false;
  /** Undefined until `connect`: it waits for its turn. */
  #socket: Socket | undefined;
  readonly #parser = new AnswerParser();
  #timeout: NodeJS.Timeout | undefined;
  #buffer = shared;
  #lent = false;
  #user: LaneUser | undefined;
  #isHead = false;
  #connected = false;
  #proven = false;
  #closed = false;

  constructor(private readonly pool: LanePool) {}

  connect({ host, port }: Endpoint): void {
    const socket = connect({
      host,
      port,
      noDelay: true,
      onread: {
        buffer: () => this.#buffer,
        callback: (length) => {
          const isFirst = !this.#proven;
          this.#proven = true;
          const goOn = this.#onRead(length);
          // Now and not before: who waits for its turn goes out on this connection, where it is free already.
          if (isFirst) this.pool.proven(this);
          return goOn;
        },
      },
    });
    this.#socket = socket;
    this.#timeout = setTimeout(
      () => this.#fail(new Error('The connection was not accepted in time.')),
      CONNECT_TIMEOUT_MS,
    );
    socket.on('connect', () => {
      clearTimeout(this.#timeout);
      this.#connected = true;
      this.#user?.connected(this);
    });
    socket.on('drain', () => this.#user?.drained());
    socket.on('end', () => this.#onEnd());
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('The connection was closed.')));
  }

  get open(): boolean {
    return !this.#closed;
  }

  /** Something was read from it. */
  get heard(): boolean {
    return this.#proven;
  }

  /** During a read: its bytes stay as they are afterwards, so that they need no copy. */
  get lent(): boolean {
    return this.#lent;
  }

  /** Lends the connection. @param isHead the request's method is HEAD. */
  use(user: LaneUser, isHead: boolean): void {
    this.#user = user;
    this.#isHead = isHead;
    this.requestOver = false;
    this.#parser.begin(isHead);
    if (this.#connected) user.connected(this);
  }

  /** Waits no longer: what it was lent for goes out on a connection that stands. */
  handOver(to: Lane): void {
    const user = this.#user;
    this.#closed = true;
    this.#user = undefined;
    if (user) to.use(user, this.#isHead);
    else this.pool.give(to);
  }

  /** Its turn will not come. */
  fail(error: Error): void {
    this.#fail(error);
  }

  /** @returns false: wait for `drained` before more. */
  write(data: string | Buffer): boolean {
    const socket = this.#socket;
    if (socket === undefined) return false;
    return typeof data === 'string' ? socket.write(data, 'latin1') : socket.write(data);
  }

  /** Several writes until `uncork` leave as one. */
  cork(): void {
    this.#socket?.cork();
  }

  uncork(): void {
    this.#socket?.uncork();
  }

  /** Reads on, after `readOver` has said no. */
  resume(): void {
    this.#socket?.resume();
  }

  /** Closes at once. Nobody is told. */
  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#user = undefined;
    clearTimeout(this.#timeout);
    this.#socket?.destroy();
    this.pool.forget(this);
  }

  #onRead(length: number): boolean {
    const user = this.#user;
    // Bytes that nobody asked for: the connection can be trusted no longer.
    if (user === undefined) {
      this.destroy();
      return false;
    }
    this.#lent = this.#buffer !== shared && length >= LEND_BYTES;
    try {
      const taken = this.#parser.read(this.#buffer, length, user);
      if (!this.#parser.done) return this.#readOn(user);
      this.#complete(user, taken === length);
      return true;
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  }

  #readOn(user: LaneUser): boolean {
    if (this.#parser.pending < LEND_BYTES) this.#buffer = shared;
    else if (this.#lent || this.#buffer === shared) this.#buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    return user.readOver();
  }

  /** @param exact nothing came after the answer. */
  #complete(user: LaneUser, exact: boolean): void {
    this.#user = undefined;
    this.#buffer = shared;
    const { keepAlive, idleSeconds, trailers } = this.#parser;
    if (exact && keepAlive && this.requestOver && !this.#closed) {
      this.idleMs =
        idleSeconds === undefined ? IDLE_MS : Math.min(idleSeconds * 1000 - IDLE_MARGIN_MS, IDLE_MAX_MS);
      this.pool.give(this);
    } else {
      this.destroy();
    }
    user.completed(trailers);
  }

  #onEnd(): void {
    const user = this.#user;
    if (user !== undefined && this.#parser.end()) this.#complete(user, false);
    else this.#fail(new Error('The connection ended before the answer was complete.'));
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    const user = this.#user;
    if (this.#socket !== undefined && !this.#connected) this.pool.refused(error);
    this.destroy();
    user?.failed(error);
  }
}
