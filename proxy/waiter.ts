import { setTimeout as delay } from 'node:timers/promises';
import type { Params } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import { type HistoryNews, type ResourceClient, temporalError } from '../temporal/index.js';
import type { Ask, Client, ReadyState } from '../workflows/messages.js';
import { type Moment, moment } from './lease.js';
import type { Line } from './line.js';

const FIRST_RETRY_MS = 20;
const MAX_RETRY_MS = 1000;
/**
 * For this long, a run that this wake has started is only listened to: it tells its answers in its history, and queries
 * would take the time of the workflow tasks that it boots with. Then it is asked, for how far it is and whether
 * anybody works on it.
 */
const FOLLOW_MS = 1000;

/** What the gate says to a resource's workflow, and hears of it. */
export type Resources = Pick<ResourceClient, 'wake' | 'touch' | 'unreachable' | 'ready' | 'news'>;

export interface WaiterServices {
  resources: Resources;
  line: Line;
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

/** One wait for one resource. */
export interface Wait {
  name: string;
  /** What the member of a pool is made from. */
  params?: Params | undefined;
  /** Why it is woken, for the workflow's record. */
  reason: string;
  /** The user for whom. */
  by?: string | undefined;
  /** The trace that it belongs to. */
  trace?: string | undefined;
  /** Whose connection it is, where it is one. */
  client?: Client | undefined;
  /** An endpoint of that connection's own is asked for, and no lease. */
  connects?: true;
  watching: Watching;
  /** False where nobody waits any more: then a wake that could not be recorded is not sent again. */
  wanted(): boolean;
  signal: AbortSignal;
}

type Outcome = { granted: Omit<Granted, 'sent'> } | { refused: ReveilleError } | undefined;

/**
 * Wakes a resource and waits for the answer to the highest ask (leases.md 4): signalWithStart, then the history of
 * the run and, where that does not tell, the query whenever it has grown. Outlasts Temporal and workers that are away.
 * @returns undefined where the wake could not be recorded and nobody waits any more.
 * @throws ReveilleError where the ask was refused: the failure, or STOPPED. The signal's reason when aborted.
 */
export async function wakeAndWait(services: WaiterServices, wait: Wait): Promise<Granted | undefined> {
  const { watching, signal } = wait;
  for (let tries = 0; ; tries++) {
    signal.throwIfAborted();
    const recorded = await sendWake(services, wait).catch((error: unknown) => {
      watching.trouble = temporalError(error);
    });
    if (recorded) {
      watching.trouble = undefined;
      const outcome = await answerTo(services, wait, recorded.runId, recorded.ask);
      if (outcome && 'refused' in outcome) throw outcome.refused;
      if (outcome) return { sent: recorded.sent, ...outcome.granted };
    } else if (!wait.wanted()) return undefined;
    await backOff(tries, signal);
  }
}

function sendWake({ resources, line, nextAsk }: WaiterServices, wait: Wait) {
  const { name, params, signal } = wait;
  return line.say(async () => {
    signal.throwIfAborted();
    const ask = nextAsk();
    const sent = moment();
    return { ask, sent, runId: await resources.wake(name, { ...ask, ...whyOf(wait) }, params) };
  });
}

const whyOf = ({ reason, by, trace, client, connects }: Wait) => ({
  reason,
  ...(by === undefined ? {} : { by }),
  ...(trace === undefined ? {} : { trace }),
  ...(client === undefined ? {} : { client }),
  ...(connects === undefined ? {} : { connects }),
});

/** @returns undefined where the run ended, or its grant came too late: ask again. */
async function answerTo(
  { resources }: WaiterServices,
  wait: Wait,
  firstRun: string,
  ask: Ask,
): Promise<Outcome> {
  const { name, watching, signal } = wait;
  let runId = firstRun;
  let token: Uint8Array | undefined;
  let mayHaveChanged = false;
  let ended = false;
  let cold = false;
  let follows = false;
  const followsUntil = performance.now() + FOLLOW_MS;
  for (let failures = 0; ; ) {
    try {
      if (mayHaveChanged) {
        const state = await resources.ready(name, runId);
        if (!state) return undefined;
        watching.state = state;
        watching.trouble = undefined;
        mayHaveChanged = false;
        failures = 0;
        if (isAnswered(wait, state, ask)) return outcomeOf(wait, state, ask, cold);
        cold = true;
      }
      if (ended) return undefined;
      const news = await newsBy(follows ? followsUntil : undefined, signal, (until) =>
        resources.news(name, runId, token, until),
      );
      if (news?.told && isAnswered(wait, news.told, ask)) return outcomeOf(wait, news.told, ask, true);
      if (token === undefined) follows = news?.changed === false;
      follows &&= news !== undefined && performance.now() < followsUntil;
      mayHaveChanged = news === undefined || (news.changed && !follows);
      if (news === undefined) continue;
      token = news.token;
      if (news.closed?.successor !== undefined) {
        runId = news.closed.successor;
        token = undefined;
      } else if (news.closed) mayHaveChanged = ended = true;
    } catch (error) {
      signal.throwIfAborted();
      if (isNotFound(error)) return undefined;
      watching.trouble = temporalError(error);
      await backOff(failures++, signal);
    }
  }
}

/** @returns undefined where nothing came by then, by performance.now(). */
async function newsBy(
  time: number | undefined,
  signal: AbortSignal,
  get: (signal: AbortSignal) => Promise<HistoryNews>,
): Promise<HistoryNews | undefined> {
  if (time === undefined) return await get(signal);
  const over = AbortSignal.timeout(Math.max(0, Math.ceil(time - performance.now())));
  try {
    return await get(AbortSignal.any([signal, over]));
  } catch (error) {
    if (over.aborted && !signal.aborted) return undefined;
    throw error;
  }
}

function isAnswered({ connects }: Wait, state: ReadyState, { proxy, ask }: Ask): boolean {
  const answers = connects ? state.connections : state.answers;
  return answers?.[proxy]?.ask === ask;
}

/** A grant is good for its own generation only, and only while that one serves. */
function outcomeOf({ name, connects }: Wait, state: ReadyState, { proxy }: Ask, cold: boolean): Outcome {
  if (connects) return endpointOf(state, proxy);
  const answer = state.answers[proxy];
  if (answer?.refused) return { refused: refusal(name, state, answer.refused) };
  const granted = answer?.granted;
  if (!granted || !state.ready || granted.generation !== state.generation) return undefined;
  return { granted: { state, lease: granted.lease, waited: granted.waited, cold } };
}

/** Of a connection. What it grants is the endpoint: the lease is another ask's. */
function endpointOf(state: ReadyState, proxy: string): Outcome {
  const { endpoint, refused } = state.connections?.[proxy] ?? {};
  if (refused) {
    const log = refused.log === undefined ? {} : { log: refused.log };
    return { refused: new ReveilleError(refused.code, refused.message, log) };
  }
  return endpoint && { granted: { state: { ...state, endpoint }, lease: 0, waited: 0, cold: true } };
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

/** Waits before another try, ever longer. @throws the signal's reason when aborted. */
export async function backOff(failures: number, signal: AbortSignal): Promise<void> {
  const ms = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures, 10), MAX_RETRY_MS);
  await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}
