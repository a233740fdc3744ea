/**
 * One request and its answer: finds its route, gets a pass from the gate (holding the client, unread, where the
 * resource sleeps), forwards, sends again where that is safe, and accounts for it in the end.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Identified, UNASKED } from '../access/identity.js';
import { plainAddress } from '../access/peer.js';
import type { AsleepAnswer } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import type { Admission } from './access/access.js';
import { account } from './account.js';
import { Attempt, type AttemptFailure, type AttemptOwner } from './attempt.js';
import { fieldsOf } from './client-request.js';
import type { ClientConnection, Serving } from './connection.js';
import { MAX_SENDINGS, mayResend, upstreamFailed } from './failures.js';
import type { Pass } from './gate-contract.js';
import { chooseMember } from './pool/choose.js';
import { namedError, sendAsleep, sendMethods, sendProblem } from './problems.js';
import { type BodyOwner, boundRest, hasBody, RequestBody } from './request-body.js';
import { faultOf } from './request-check.js';
import { requestIdOf } from './request-id.js';
import { readTarget, type Target } from './request-target.js';
import { RequestTrace } from './request-trace.js';
import type { Route } from './route.js';
import type { Running } from './running.js';
import { serverTiming } from './server-timing.js';
import { routeOf, type Settings, type Traffic } from './traffic.js';
import { asksForEvents } from './waiting/events-path.js';
import { Hold } from './waiting/hold.js';
import { isChunked, writtenHead } from './written-head.js';

export class Exchange implements AttemptOwner, BodyOwner, Running, Serving {
  slot = 0;
  readonly #settings: Settings;
  readonly #trusted: boolean;
  readonly #requestId: string;
  readonly #startedAt = performance.now();
  #route: Route | undefined;
  #target: Target = { authority: undefined, path: '/' };
  /** Known from between the match of the route and the gate on. */
  #who: Identified = UNASKED;
  #holding: Hold | undefined;
  #attempt: Attempt | undefined;
  #pass: Pass | undefined;
  #cold: Pass['cold'];
  #coldMs = 0;
  #sendings = 0;
  /** A new connection broke before anything was answered. */
  #broke = false;
  #body: RequestBody | null = null;
  #continued = false;
  #error: ReveilleError | undefined;
  readonly #trace: RequestTrace | undefined;
  /** Events of a waiting page: no request of anybody's. */
  #isFeed = false;
  #over = false;

  /** @param expectsContinue the client waits for 100 Continue before it sends its body. */
  constructor(
    private readonly traffic: Traffic,
    private readonly connection: ClientConnection,
    private readonly request: IncomingMessage,
    readonly response: ServerResponse,
    private readonly expectsContinue: boolean,
  ) {
    this.#settings = traffic.settings;
    this.#trusted = traffic.settings.isTrusted(plainAddress(request.socket.remoteAddress));
    this.#requestId = requestIdOf(fieldsOf(request)['x-request-id'], this.#trusted);
    const { tracing } = traffic;
    this.#trace = tracing && new RequestTrace(tracing, request, this.#trusted, this.#requestId);
  }

  start(): void {
    this.traffic.running.add(this);
    this.response.on('close', this.#onClose).on('error', ignore);
    const fault = faultOf(this.request, this.#settings.limits);
    if (fault !== undefined) {
      // What is too large is well-formed: its end is known.
      this.#refuse(fault, fault.code !== 'REQUEST_BODY_TOO_LARGE');
      return;
    }
    if (this.request.url === '*' && this.request.method === 'OPTIONS') {
      sendMethods(this.response);
      return;
    }
    const target = readTarget(this.request);
    if (typeof target === 'string') this.#refuse(new ReveilleError('REQUEST_INVALID', target), true);
    else this.#follow(target);
  }

  #follow(target: Target): void {
    const route = routeOf(this.#settings, target);
    if (route instanceof ReveilleError) {
      this.#refuse(route);
      return;
    }
    this.#route = route;
    this.#target = target;
    const admission = this.#settings.access?.admit(this.request, route);
    if (admission === undefined) this.#enter(route);
    else if (admission instanceof Promise) void admission.then((late) => this.#admitted(route, late));
    else this.#admitted(route, admission);
  }

  #admitted(route: Route, { who, refused }: Admission): void {
    if (this.#over || this.response.headersSent) return;
    this.#who = who;
    if (refused === undefined) this.#enter(route);
    else this.#refuse(refused);
  }

  #enter(wanted: Route): void {
    const { request } = this;
    const { pool } = wanted;
    const asked = pool && { route: wanted, pool, request, target: this.#target, who: this.#who };
    const route = asked === undefined ? wanted : chooseMember(this.traffic, asked);
    if (route instanceof ReveilleError) {
      this.#refuse(route);
      return;
    }
    this.#route = route;
    if (asksForEvents(request, wanted, this.#target.path)) {
      this.#tellOfWake(route);
      return;
    }
    const quiet = this.#settings.wakeRules.ignores(route.rulesOf, this.request, this.#target.path);
    const pass = this.traffic.gate.tryEnter(route.resource, quiet);
    if (pass === undefined) void this.#hold(route);
    else this.#send(route, pass);
  }

  async #hold(route: Route): Promise<void> {
    const { traffic, request, response } = this;
    const sender = { requestId: this.#requestId, target: this.#target, who: this.#who };
    const trace = this.#trace?.held(route.resource);
    const hold = new Hold(traffic, this.#settings, { route, request, response, ...sender, trace });
    this.#holding = hold;
    const from = performance.now();
    try {
      const entered = await hold.wait();
      this.#trace?.released();
      if (!('endpoint' in entered)) this.#answerAsleep(entered);
      else if (this.#over || this.response.headersSent) entered.release();
      else this.#send(route, entered);
    } catch (error) {
      this.#refuse(namedError(error));
    } finally {
      this.#coldMs += performance.now() - from;
      if (this.#holding === hold) this.#holding = undefined;
    }
  }

  /** For a page that waits. It is no use of the resource. */
  #tellOfWake({ resource, showLog }: Route): void {
    const { pages } = this.#settings.waiting;
    const full = this.traffic.feeds.open(resource, showLog, this.response, pages, this.#requestId);
    this.#isFeed = full === undefined;
    if (full !== undefined) this.#refuse(full);
  }

  #send(route: Route, pass: Pass): void {
    this.#pass = pass;
    this.#cold = pass.cold ?? this.#cold;
    const { request } = this;
    const traceparent = this.#trace?.sending(route.resource, pass.generation);
    const asked = { route, target: this.#target, requestId: this.#requestId };
    const sender = { trusted: this.#trusted, who: this.#who, traceparent };
    const head = writtenHead(request, asked, sender, this.connection.sender);
    const { limits } = this.#settings;
    const body = hasBody(request) ? new RequestBody(request, limits.body, this) : null;
    this.#body = body;
    const lane = this.traffic.upstreams.of(route.resource, pass).take(this.#sendings > 0);
    const attempt = new Attempt(this, lane, {
      head,
      isHead: request.method === 'HEAD',
      body,
      chunked: isChunked(request),
    });
    this.#attempt = attempt;
    this.#sendings++;
    attempt.start();
  }

  bodyWanted(): void {
    if (!this.expectsContinue || this.#continued) return;
    this.#continued = true;
    this.response.writeContinue();
  }

  bodyFailed(error: ReveilleError): void {
    this.#error = error;
    this.#attempt?.cancel();
    if (this.response.headersSent) this.response.destroy();
    else this.#refuse(error, error.code === 'REQUEST_TIMEOUT');
  }

  addFields(headers: string[]): void {
    this.#trace?.answered();
    if (this.#cold !== undefined) headers.push('Server-Timing', serverTiming(this.#cold));
    if (this.traffic.draining) headers.push('Connection', 'close');
    if (this.#route?.cookie !== undefined) headers.push('Set-Cookie', this.#route.cookie);
  }

  failed(failure: AttemptFailure): void {
    this.#trace?.answered(failure.error.message);
    const route = this.#route;
    if (this.#over || route === undefined) return;
    const pass = this.#pass;
    this.#pass = undefined;
    if (this.response.headersSent) {
      this.#error = upstreamFailed(failure);
      pass?.release();
      // Never a clean end: the client must see that its answer is cut short.
      this.response.destroy();
    } else {
      this.#failedUnanswered(route, pass, failure);
    }
  }

  #failedUnanswered(route: Route, pass: Pass | undefined, failure: AttemptFailure): void {
    const untouched = this.#body?.touched !== true;
    const resend = mayResend(failure, this.request.method, untouched, this.#broke) && this.#mayTryAgain();
    this.#broke ||= failure.sent && !failure.reused;
    const stale = failure.sent && failure.reused && resend;
    if (stale || failure.answered) pass?.release();
    else pass?.unreachable(failure.error.message);
    if (resend) this.#enter(route);
    else this.#refuse(upstreamFailed(failure));
  }

  #mayTryAgain(): boolean {
    return this.#sendings < MAX_SENDINGS && performance.now() - this.#startedAt < this.#settings.holdMs;
  }

  #answerAsleep(answer: AsleepAnswer): void {
    if (this.#over || this.response.headersSent) return;
    sendAsleep(this.response, answer, this.#requestId, this.traffic.draining || this.#mayNotContinue);
  }

  /** A client that was not told to go on may send its body or not: nobody can know where the next begins. */
  get #mayNotContinue(): boolean {
    return this.expectsContinue && !this.#continued;
  }

  /** @param close the request's end is unknown: nothing more can be read on this connection. */
  #refuse(error: ReveilleError, close = false): void {
    this.#trace?.released(error.message);
    if (this.#over || this.response.headersSent) return;
    this.#error = error;
    sendProblem(this.response, error, {
      requestId: this.#requestId,
      showLog: this.#route?.showLog === true,
      pages: this.#settings.pages,
      close: close || this.traffic.draining || this.#mayNotContinue,
    });
  }

  broken(): boolean {
    const free = !this.response.headersSent && !this.request.complete;
    this.#onClose();
    return free;
  }

  shutDown(): void {
    if (this.response.headersSent) this.response.destroy();
    else this.#refuse(new ReveilleError('SHUTTING_DOWN', undefined, { retryInMs: 1000 }), true);
  }

  readonly #onClose = (): void => {
    if (this.#over) return;
    this.#over = true;
    this.#holding?.leave();
    this.#attempt?.cancel();
    this.#pass?.release();
    this.traffic.running.delete(this);
    boundRest(this.request, this.#settings.limits.body);
    if (!this.#isFeed) this.#account();
    if (this.traffic.draining) this.traffic.onDrained();
    this.connection.next();
  };

  #account(): void {
    account(this.traffic, {
      request: this.request,
      requestId: this.#requestId,
      route: this.#route,
      visitor: this.#who.visitor,
      status: this.response.headersSent ? this.response.statusCode : 0,
      startedAt: this.#startedAt,
      coldMs: this.#coldMs,
      sendings: this.#sendings,
      error: this.#error,
      trace: this.#trace,
    });
  }
}

/** A write that comes between the end of a client and its `close`: the latter says all. */
function ignore(): void {}
