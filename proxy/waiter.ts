import { setTimeout as delay } from 'node:timers/promises';
import { isReveilleError, ReveilleError } from '../errors/index.js';
import {
  historyNews,
  type ResourceClient,
  type TemporalConnection,
  temporalError,
} from '../temporal/index.js';
import type { Ask, ReadyState } from '../workflows/messages.js';
import { type Moment, moment } from './lease.js';

const FIRST_RETRY_MS = 20;
const MAX_RETRY_MS = 1000;

export interface WaiterServices {
  temporal: TemporalConnection;
  resources: ResourceClient;
  /** Numbers and addresses the next ask. */
  nextAsk(): Ask;
}

export interface Granted {
  sent: Moment;
  state: ReadyState;
  lease: number;
  waited: number;
  /** It was not ready when it was asked. */
  cold: boolean;
}

/** What the waiter has learned so far, for those who wait. */
export interface Watching {
  state?: ReadyState | undefined;
  /** Why nothing is learned at the moment: Temporal or every worker is away. */
  trouble?: ReveilleError | undefined;
}

/**
 * Wakes a resource and waits for the answer to the highest ask (leases.md 4): signalWithStart, query, and again
 * whenever the history grows. Outlasts Temporal and workers that are away.
 * @throws ReveilleError where the ask was refused: the failure, or STOPPED. The signal's reason when aborted.
 */
export async function wakeAndWait(
  services: WaiterServices,
  name: string,
  reason: string,
  watching: Watching,
  signal: AbortSignal,
): Promise<Granted> {
  for (let tries = 0; ; tries++) {
    signal.throwIfAborted();
    try {
      const ask = services.nextAsk();
      const sent = moment();
      const runId = await services.resources.wake(name, { ...ask, reason });
      watching.trouble = undefined;
      const answer = await answerTo(services, name, runId, ask, watching, signal);
      if (answer) return { sent, ...answer };
    } catch (error) {
      signal.throwIfAborted();
      if (isReveilleError(error)) throw error;
      watching.trouble = temporalError(error);
    }
    await backOff(tries, signal);
  }
}

/** @returns undefined where the run ended, or its grant came too late: ask again. */
async function answerTo(
  services: WaiterServices,
  name: string,
  firstRun: string,
  { proxy, ask }: Ask,
  watching: Watching,
  signal: AbortSignal,
): Promise<Omit<Granted, 'sent'> | undefined> {
  let runId = firstRun;
  let token: Uint8Array | undefined;
  let mayHaveChanged = true;
  let ended = false;
  let cold = false;
  for (let failures = 0; ; ) {
    try {
      if (mayHaveChanged) {
        const state = await services.resources.ready(name, runId);
        if (!state) return undefined;
        watching.state = state;
        watching.trouble = undefined;
        mayHaveChanged = false;
        failures = 0;
        const answer = state.answers[proxy];
        if (answer?.ask === ask) {
          if (answer.refused) throw refusal(name, state, answer.refused);
          return answer.granted && state.ready ? { state, ...answer.granted, cold } : undefined;
        }
        cold = true;
      }
      if (ended) return undefined;
      const news = await historyNews(services.temporal, name, runId, token, signal);
      mayHaveChanged = news.changed;
      token = news.token;
      if (news.closed?.successor !== undefined) {
        runId = news.closed.successor;
        token = undefined;
      } else if (news.closed) ended = true;
    } catch (error) {
      signal.throwIfAborted();
      if (isReveilleError(error)) throw error;
      if (isNotFound(error)) return undefined;
      watching.trouble = temporalError(error);
      await backOff(failures++, signal);
    }
  }
}

function refusal(
  name: string,
  { failure }: ReadyState,
  { code, retryIn }: { code: ReveilleError['code']; retryIn: number },
): ReveilleError {
  if (code === 'STOPPED' || !failure) {
    return new ReveilleError(code, code === 'STOPPED' ? `${name} was stopped` : undefined, {
      retryInMs: retryIn,
    });
  }
  const log = failure.log === undefined ? {} : { log: failure.log };
  return new ReveilleError(failure.code, failure.message, { retryInMs: retryIn, ...log });
}

function isNotFound(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 5;
}

async function backOff(failures: number, signal: AbortSignal): Promise<void> {
  await delay(Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures, 10), MAX_RETRY_MS), undefined, { signal });
}
