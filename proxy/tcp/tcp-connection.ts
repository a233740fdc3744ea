/**
 * One connection through a TCP door, from its arrival to the end of both sockets: held while its resource wakes,
 * then joined with the instance. What the client sends before is kept within a bound, for the instance.
 */
import { connect, type Socket } from 'node:net';
import { plainAddress } from '../../access/peer.js';
import { sourceOf } from '../../access/source.js';
import { type Logger, splitAddress, type TcpRoute } from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';
import type { Client } from '../../workflows/messages.js';
import type { WakeLimits } from '../access/wake-limits.js';
import type { Gate, Pass } from '../gate-contract.js';
import { chooseFor } from '../pool/choose.js';
import { namedError } from '../problems.js';
import { newRequestId } from '../request-id.js';
import type { Pool, Route } from '../route.js';
import type { Running, RunningList } from '../running.js';
import { splice } from '../splice.js';
import { wakeReason } from '../traffic.js';
import type { TcpMetrics } from './metrics.js';

/** A connection that the instance does not accept in this time counts as refused. */
const CONNECT_TIMEOUT_MS = 10_000;
/** First try and further ones, each with a pass of its own. */
const MAX_TRIES = 4;
/** Pauses between tries to connect where nobody looks whether the instance is healthy. */
const FIRST_KNOCK_MS = 5;
const LONGEST_KNOCK_MS = 250;
/** After this long without being accepted the resource's workflow is told, then after twice as long, and so on. */
const REPORT_AFTER_MS = 2000;

/** What all connections of all TCP doors share. */
export interface TcpTraffic {
  readonly gate: Gate;
  readonly log: Logger;
  readonly metrics: TcpMetrics;
  readonly running: RunningList;
  readonly limits: WakeLimits;
  /** By the name that a door leads to. */
  pools: ReadonlyMap<string, Pool>;
  /** How long a client may be held, further tries included. Milliseconds. */
  holdMs: number;
}

/** The door as it was when the connection came. */
export interface DoorView {
  /** HOST:PORT. */
  readonly address: string;
  readonly resource: string;
  readonly route: TcpRoute;
  /** Nobody looks whether it is healthy: that it accepts a connection is how it says so. */
  readonly patient: boolean;
}

export class TcpConnection implements Running {
  slot = 0;
  readonly #id = newRequestId();
  readonly #client: string;
  /** Which it entered: of a pool the member. */
  #resource: string;
  readonly #startedAt = performance.now();
  readonly #early: Buffer[] = [];
  #earlyBytes = 0;
  /** The client has sent what the door waits for. */
  #entered = false;
  #silence: NodeJS.Timeout | undefined;
  #holding: AbortController | undefined;
  #upstream: Socket | undefined;
  #pass: Pass | undefined;
  #joined = false;
  #coldMs = 0;
  #tries = 0;
  /** Tries to connect with the same pass: the next one, how many there were, and since when. */
  #knock: NodeJS.Timeout | undefined;
  #knocks = 0;
  #passedAt = 0;
  #error: ReveilleError | undefined;
  #over = false;

  /** @param socket of a server with allowHalfOpen. */
  constructor(
    private readonly traffic: TcpTraffic,
    private readonly door: DoorView,
    private readonly socket: Socket,
  ) {
    this.#client = plainAddress(socket.remoteAddress);
    this.#resource = door.resource;
  }

  start(): void {
    this.traffic.running.add(this);
    this.socket.on('error', () => this.socket.destroy());
    this.socket.on('close', this.#onClientClose);
    // Reading goes on while the client is held, or its leaving would not be seen.
    this.socket.on('data', this.#keepEarly).on('end', this.#onEarlyEnd);
    const { wakeAfter, wakeWithin } = this.door.route;
    if (wakeAfter === 0) this.#begin();
    else this.#silence = setTimeout(() => this.#refuse(silent(this.door)), wakeWithin);
  }

  shutDown(): void {
    if (this.#joined) this.socket.destroy();
    else this.#refuse(new ReveilleError('SHUTTING_DOWN'));
  }

  #begin(): void {
    this.#entered = true;
    clearTimeout(this.#silence);
    void this.#enter();
  }

  async #enter(): Promise<void> {
    const { gate, pools } = this.traffic;
    const pool = pools.get(this.door.resource);
    try {
      const whole = { resource: this.door.resource, rulesOf: this.door.resource };
      const chosen = pool === undefined ? whole : chooseFor(pool, whole.rulesOf, this.#client, gate);
      this.#resource = chosen.resource;
      const pass = gate.tryEnter(chosen.resource) ?? (await this.#hold(chosen));
      if (this.#over) pass.release();
      else this.#present(pass);
    } catch (error) {
      this.#refuse(namedError(error));
    }
  }

  async #hold(chosen: Pick<Route, 'resource' | 'rulesOf' | 'params'>): Promise<Pass> {
    const { gate, limits } = this.traffic;
    const holding = new AbortController();
    this.#holding = holding;
    const from = performance.now();
    const reason = wakeReason(this.#id, 'TCP', this.door.address);
    try {
      limits.count(gate, chosen, sourceOf(this.#client));
      const { signal } = holding;
      const client = clientOf(this.socket);
      return await gate.enter(chosen.resource, { reason, signal, params: chosen.params, client });
    } finally {
      this.#coldMs += performance.now() - from;
      this.#holding = undefined;
    }
  }

  #present(pass: Pass): void {
    this.#pass = pass;
    this.#tries++;
    this.#knocks = 0;
    this.#passedAt = performance.now();
    this.#connect(pass);
  }

  #connect(pass: Pass): void {
    const { host, port } = pass.endpoint;
    const upstream = connect({ host, port, allowHalfOpen: true, noDelay: true });
    this.#upstream = upstream;
    const late = setTimeout(
      () => upstream.destroy(new Error('The connection was not accepted in time.')),
      CONNECT_TIMEOUT_MS,
    );
    upstream.on('connect', () => {
      clearTimeout(late);
      this.#join(upstream);
    });
    upstream.on('error', (error) => {
      upstream.destroy();
      if (!this.#joined) this.#failed(error);
    });
    upstream.on('close', () => {
      clearTimeout(late);
      if (this.#joined) this.#onBothClosed();
    });
  }

  /** Nothing has been sent to it: it may be tried again, and the next generation may get it all. */
  #failed(error: Error): void {
    this.#upstream = undefined;
    const pass = this.#pass;
    const inTime = performance.now() - this.#startedAt < this.traffic.holdMs;
    if (pass !== undefined && !this.#over && inTime && this.#knocksAgain(pass)) return;
    this.#pass = undefined;
    if (this.#over) {
      pass?.release();
      return;
    }
    pass?.unreachable(error.message);
    const mayTry = pass?.own !== true && (this.door.patient || this.#tries < MAX_TRIES);
    if (mayTry && inTime) void this.#enter();
    else this.#refuse(new ReveilleError('UPSTREAM_UNREACHABLE', error.message, { cause: error }));
  }

  #knocksAgain(pass: Pass): boolean {
    const report = pass.own === true ? Number.POSITIVE_INFINITY : REPORT_AFTER_MS * 2 ** (this.#tries - 1);
    if (!this.door.patient || performance.now() - this.#passedAt >= report) return false;
    const pause = Math.min(FIRST_KNOCK_MS * 2 ** Math.min(this.#knocks++, 10), LONGEST_KNOCK_MS);
    this.#knock = setTimeout(() => this.#connect(pass), pause);
    return true;
  }

  /** From here on, bytes. A client that has ended its sending already ends it there too: the pipe sees to it. */
  #join(upstream: Socket): void {
    if (this.#over) {
      upstream.destroy();
      return;
    }
    this.#joined = true;
    this.socket.off('data', this.#keepEarly).off('end', this.#onEarlyEnd);
    for (const chunk of this.#early.splice(0)) upstream.write(chunk);
    splice(this.socket, upstream);
    const { idle } = this.door.route;
    if (idle !== undefined) this.socket.setTimeout(idle, () => this.#cutIdle(idle));
  }

  #cutIdle(idleMs: number): void {
    this.#error = new ReveilleError('CONNECTION_IDLE', `Nothing passed for ${idleMs} ms.`);
    this.socket.resetAndDestroy();
  }

  /** Never a clean end: a client must not take it for all that the instance had to say. */
  #refuse(error: ReveilleError): void {
    if (this.#over || this.#joined) return;
    this.#error ??= error;
    clearTimeout(this.#knock);
    this.#holding?.abort();
    this.socket.resetAndDestroy();
  }

  readonly #keepEarly = (chunk: Buffer): void => {
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes >= this.door.route.buffer) this.socket.pause();
    if (!this.#entered && this.#earlyBytes >= this.door.route.wakeAfter) this.#begin();
  };

  /**
   * A client that said something may have ended its sending only, and waits for the answer. One that said nothing,
   * or too little, has gone: that is also how a port scan looks.
   */
  readonly #onEarlyEnd = (): void => {
    if (!this.#entered || this.#earlyBytes === 0) this.socket.destroy();
  };

  readonly #onClientClose = (): void => {
    clearTimeout(this.#silence);
    clearTimeout(this.#knock);
    this.#holding?.abort();
    if (!this.#joined) this.#upstream?.destroy();
    this.#onBothClosed();
  };

  /** Open until both ends are closed: the instance may still be busy with what it got. */
  readonly #onBothClosed = (): void => {
    const upstreamClosed = !this.#joined || this.#upstream === undefined || this.#upstream.closed;
    if (this.#over || !this.socket.closed || !upstreamClosed) return;
    this.#over = true;
    this.#pass?.release();
    this.#early.length = 0;
    this.traffic.running.delete(this);
    this.#account();
  };

  #account(): void {
    const { log, metrics } = this.traffic;
    const { resource: label, address } = this.door;
    const outcome = this.#joined ? 'served' : this.#error === undefined ? 'left' : 'failed';
    metrics.ended(label, outcome, this.#coldMs);
    const level = this.#coldMs > 0 || outcome === 'failed' ? 'info' : 'debug';
    if (!log.isLevelEnabled(level)) return;
    const cold = this.#coldMs > 0 ? { coldMs: Math.round(this.#coldMs) } : {};
    const error = this.#error === undefined ? {} : { code: this.#error.code, error: this.#error.message };
    log[level](
      {
        req: this.#id,
        resource: this.#resource,
        port: splitAddress(address).port,
        outcome,
        ms: Math.round(performance.now() - this.#startedAt),
        client: this.#client,
        in: this.socket.bytesRead,
        out: this.socket.bytesWritten,
        ...cold,
        ...error,
      },
      'connection',
    );
  }
}

function clientOf({ remoteAddress, remotePort = 0, localAddress, localPort = 0 }: Socket): Client {
  const address = plainAddress(remoteAddress);
  return { address, port: remotePort, localAddress: plainAddress(localAddress), localPort };
}

function silent({ route }: DoorView): ReveilleError {
  const { wakeAfter, wakeWithin } = route;
  return new ReveilleError('CLIENT_SILENT', `Less than ${wakeAfter} bytes within ${wakeWithin} ms.`);
}
