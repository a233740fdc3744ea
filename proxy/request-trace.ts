import type { IncomingMessage } from 'node:http';
import type { TraceSpan, Tracing } from '../tracing/contract.js';
import { pathOf } from './request-target.js';

/**
 * The spans of one request, where the configuration asks for traces: all of it, its hold, and each sending until the
 * first byte of the answer's head. No query, no field and no visitor stands in them.
 */
export class RequestTrace {
  readonly #all: TraceSpan;
  #hold: TraceSpan | undefined;
  #sending: TraceSpan | undefined;

  /** @param trusted whether the client's own trace is gone on with. */
  constructor(tracing: Tracing, request: IncomingMessage, trusted: boolean, requestId: string) {
    const method = request.method ?? 'GET';
    const given = trusted ? request.headers.traceparent : undefined;
    this.#all = tracing.begin(method, 'server', typeof given === 'string' ? given : undefined, {
      'http.request.method': method,
      'url.path': pathOf(request.url ?? ''),
      'reveille.request_id': requestId,
    });
  }

  /** @returns how the workflow of the resource continues it. */
  held(resource: string): string {
    this.#hold = this.#all.child('hold', 'internal', { 'reveille.resource': resource });
    return this.#hold.traceparent;
  }

  released(error?: string): void {
    this.#hold?.end(error);
    this.#hold = undefined;
  }

  /** @returns how the instance continues it. */
  sending(resource: string, generation: number): string {
    this.#sending = this.#all.child('send', 'client', {
      'reveille.resource': resource,
      'reveille.generation': generation,
    });
    return this.#sending.traceparent;
  }

  /** The head of the answer has come, or the sending has failed. */
  answered(error?: string): void {
    this.#sending?.end(error);
    this.#sending = undefined;
  }

  /** @param status 0 where the client went away before an answer. */
  ended(resource: string, status: number, error: Error | undefined): void {
    const left = status === 0 ? 'the client went away' : undefined;
    this.released(left);
    this.answered(left);
    this.#all.set({ 'reveille.resource': resource, 'http.response.status_code': status });
    this.#all.end(status >= 500 || status === 0 ? (error?.message ?? left ?? `status ${status}`) : undefined);
  }
}
