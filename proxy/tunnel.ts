/**
 * One upgraded connection (WebSocket and others), from the client's request to the end of both sockets. It is
 * held while its resource wakes like any request. Bytes of the client reach the instance only after its 101:
 * until then it could take them for further requests, which no route has seen.
 */
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Identified, UNASKED } from '../access/identity.js';
import { plainAddress } from '../access/peer.js';
import type { AsleepAnswer } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import { account } from './account.js';
import { MAX_SENDINGS } from './failures.js';
import type { Pass } from './gate-contract.js';
import { requestHeaders, responseHeaders } from './headers.js';
import { chooseMember } from './pool/choose.js';
import { namedError, sendAsleep, sendProblem } from './problems.js';
import { faultOf } from './request-check.js';
import { requestIdOf } from './request-id.js';
import { readTarget, type Target } from './request-target.js';
import type { Route } from './route.js';
import type { Running } from './running.js';
import { serverTiming } from './server-timing.js';
import { headText, relayAnswer, responseOn } from './socket-response.js';
import { splice } from './splice.js';
import { forwardedPath, knock, routeOf, type Settings, type Traffic } from './traffic.js';

/** What a client may send before the instance has agreed. */
const MAX_EARLY_BYTES = 64 * 1024;

export class Tunnel implements Running {
  slot = 0;
  readonly #settings: Settings;
  readonly #requestId: string;
  readonly #trusted: boolean;
  readonly #startedAt = performance.now();
  readonly #early: Buffer[] = [];
  #earlyBytes = 0;
  #holding: AbortController | undefined;
  #outgoing: ClientRequest | undefined;
  #upstream: Socket | undefined;
  #response: ServerResponse | undefined;
  #pass: Pass | undefined;
  #coldMs = 0;
  #sendings = 0;
  #status = 0;
  #error: ReveilleError | undefined;
  #route: Route | undefined;
  /** Known from between the match of the route and the gate on. */
  #who: Identified = UNASKED;
  #over = false;

  constructor(
    private readonly traffic: Traffic,
    private readonly request: IncomingMessage,
    private readonly socket: Duplex,
    head: Buffer,
  ) {
    this.#settings = traffic.settings;
    this.#trusted = this.#settings.isTrusted(plainAddress(request.socket.remoteAddress));
    this.#requestId = requestIdOf(request.headers['x-request-id'], this.#trusted);
    if (head.length > 0) this.#keepEarly(head);
  }

  start(): void {
    this.traffic.running.add(this);
    // Before anything is waited for: a socket without an error handler ends the process.
    this.socket.on('error', () => this.socket.destroy());
    this.socket.on('close', this.#onClientClose);
    // Reading goes on while the client is held, or its leaving would not be seen.
    this.socket.on('data', this.#keepEarly).on('end', this.#onEarlyEnd);
    const fault = faultOf(this.request, this.#settings.limits);
    const target = fault ?? readTarget(this.request);
    if (target instanceof ReveilleError) this.#refuse(target);
    else if (typeof target === 'string') this.#refuse(new ReveilleError('REQUEST_INVALID', target));
    else this.#follow(target);
  }

  #follow(target: Target): void {
    const route = routeOf(this.#settings, target);
    if (route instanceof ReveilleError) {
      this.#refuse(route);
      return;
    }
    this.#route = route;
    void this.#admit(route, target);
  }

  async #admit(route: Route, target: Target): Promise<void> {
    const admission = await this.#settings.access?.admit(this.request, route);
    if (this.#over || this.#status !== 0) return;
    this.#who = admission?.who ?? UNASKED;
    if (admission?.refused === undefined) await this.#enter(route, target);
    else this.#refuse(admission.refused);
  }

  async #enter(route: Route, target: Target): Promise<void> {
    try {
      const { traffic, request } = this;
      const { pool } = route;
      const asked = pool && { route, pool, request, target, who: this.#who };
      const chosen = asked === undefined ? route : chooseMember(traffic, asked);
      if (chosen instanceof ReveilleError) throw chosen;
      this.#route = chosen;
      const quiet = this.#settings.wakeRules.ignores(chosen.rulesOf, this.request, target.path);
      const warm = this.traffic.gate.tryEnter(chosen.resource, quiet);
      const pass = warm ?? (await this.#hold(chosen, target));
      if (!('endpoint' in pass)) this.#answerAsleep(pass);
      else if (this.#over || this.#status !== 0) pass.release();
      else this.#send(chosen, target, pass);
    } catch (error) {
      this.#refuse(namedError(error));
    }
  }

  async #hold(route: Route, target: Target): Promise<Pass | AsleepAnswer> {
    const holding = new AbortController();
    this.#holding = holding;
    const from = performance.now();
    const { request, traffic } = this;
    const { signal } = holding;
    const asked = { route, request, requestId: this.#requestId, target, who: this.#who, signal };
    try {
      return await knock(traffic.gate, this.#settings, asked);
    } finally {
      this.#coldMs += performance.now() - from;
      this.#holding = undefined;
    }
  }

  #send(route: Route, target: Target, pass: Pass): void {
    this.#pass = pass;
    this.#sendings++;
    const headers = requestHeaders(this.request, {
      authority: target.authority,
      requestId: this.#requestId,
      trusted: this.#trusted,
      strippedPrefix: route.strip && route.prefix !== '' ? route.prefix : undefined,
      hostHeader: route.hostHeader,
      upgrade: true,
      visitor: this.#who.fields,
    });
    const { host, port } = pass.endpoint;
    let connected = false;
    const outgoing = httpRequest({
      method: this.request.method,
      path: forwardedPath(route, target.path),
      setHost: false,
      headers,
      createConnection: () => {
        const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
        return socket.once('connect', () => {
          connected = true;
        });
      },
    });
    this.#outgoing = outgoing;
    outgoing.on('error', (error) => this.#failed(route, target, error, connected));
    outgoing.on('upgrade', (answer, upstream, head) => this.#join(answer, upstream, head));
    outgoing.on('response', (answer) => this.#relay(answer));
    outgoing.end();
  }

  #failed(route: Route, target: Target, error: Error, connected: boolean): void {
    if (this.#over || this.#status !== 0) return;
    const pass = this.#pass;
    this.#pass = undefined;
    const invalid = 'code' in error && typeof error.code === 'string' && error.code.startsWith('HPE_');
    if (invalid) pass?.release();
    else pass?.unreachable(error.message);
    const inTime = performance.now() - this.#startedAt < this.#settings.holdMs;
    if (!connected && this.#sendings < MAX_SENDINGS && inTime) void this.#enter(route, target);
    else {
      const code = invalid ? 'UPSTREAM_INVALID' : connected ? 'UPSTREAM_FAILED' : 'UPSTREAM_UNREACHABLE';
      this.#refuse(new ReveilleError(code, error.message, { cause: error }));
    }
  }

  /** The instance has agreed: from here on, bytes. */
  #join(answer: IncomingMessage, upstream: Socket, head: Buffer): void {
    // At once: between here and the splice nothing else would hear it.
    upstream.on('error', () => upstream.destroy());
    if (this.#over) {
      upstream.destroy();
      return;
    }
    this.#status = 101;
    this.#upstream = upstream;
    upstream.on('close', this.#onBothClosed);
    this.#stopEarly();
    const fields = responseHeaders(answer.rawHeaders, { status: 101, keepUpgrade: true, canTrail: false });
    this.#addTiming(fields);
    this.socket.write(
      headText(101, answer.statusMessage ?? '', ['Connection', 'Upgrade', ...fields]),
      'latin1',
    );
    if (head.length > 0) this.socket.write(head);
    for (const chunk of this.#early.splice(0)) upstream.write(chunk);
    splice(this.socket, upstream);
  }

  /** The instance refuses the upgrade: the client gets its answer, and the connection ends. */
  #relay(answer: IncomingMessage): void {
    if (this.#over) {
      answer.destroy();
      return;
    }
    this.#status = answer.statusCode ?? 502;
    const canTrail = answer.headers['content-length'] === undefined;
    const head = { status: this.#status, keepUpgrade: this.#status === 426, canTrail };
    const fields = responseHeaders(answer.rawHeaders, head);
    this.#addTiming(fields);
    relayAnswer(answer, this.#answerOn(), fields);
  }

  #addTiming(fields: string[]): void {
    const cold = this.#pass?.cold;
    if (cold !== undefined) fields.push('Server-Timing', serverTiming(cold));
    if (this.#route?.cookie !== undefined) fields.push('Set-Cookie', this.#route.cookie);
  }

  #refuse(error: ReveilleError): void {
    if (this.#over || this.#status !== 0) return;
    this.#error = error;
    this.#status = error.status;
    const showLog = this.#route?.showLog === true;
    sendProblem(this.#answerOn(), error, { requestId: this.#requestId, showLog, close: true });
  }

  #answerAsleep(answer: AsleepAnswer): void {
    if (this.#over || this.#status !== 0) return;
    this.#status = answer.status;
    sendAsleep(this.#answerOn(), answer, this.#requestId, true);
  }

  #answerOn(): ServerResponse {
    this.#stopEarly();
    // What the client still sends is not for anybody; reading it lets the answer arrive.
    this.socket.resume();
    this.#response = responseOn(this.request, this.socket);
    return this.#response;
  }

  readonly #keepEarly = (chunk: Buffer): void => {
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes >= MAX_EARLY_BYTES) this.socket.pause();
  };

  /** Nobody half-closes before the answer to an upgrade: the client has gone. */
  readonly #onEarlyEnd = (): void => {
    this.socket.destroy();
  };

  #stopEarly(): void {
    this.socket.off('data', this.#keepEarly).off('end', this.#onEarlyEnd);
  }

  shutDown(): void {
    if (this.#status !== 0) this.socket.destroy();
    else this.#refuse(new ReveilleError('SHUTTING_DOWN', undefined, { retryInMs: 1000 }));
  }

  readonly #onClientClose = (): void => {
    this.#holding?.abort();
    if (this.#upstream === undefined) this.#outgoing?.destroy();
    this.#onBothClosed();
  };

  /** Open until both ends are closed: the instance may still be busy with what it got. */
  readonly #onBothClosed = (): void => {
    const upstreamClosed = this.#upstream === undefined || this.#upstream.closed;
    if (this.#over || !this.socket.closed || !upstreamClosed) return;
    this.#over = true;
    this.#pass?.release();
    this.traffic.running.delete(this);
    this.#account();
    if (this.traffic.draining) this.traffic.onDrained();
  };

  #account(): void {
    account(this.traffic, {
      request: this.request,
      requestId: this.#requestId,
      route: this.#route,
      visitor: this.#who.visitor,
      status: this.#status,
      startedAt: this.#startedAt,
      coldMs: this.#coldMs,
      sendings: this.#sendings,
      error: this.#error,
    });
  }
}
