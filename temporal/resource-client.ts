import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Params } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import {
  type AdoptArgs,
  type LifecycleInput,
  type PinArgs,
  queries,
  type ReadyState,
  type StatusState,
  type StopArgs,
  signals,
  type TouchArgs,
  type UnreachableArgs,
  type WakeArgs,
  WORKFLOW_TYPE,
  workflowId,
} from '../workflows/messages.js';
import type { TemporalConnection } from './connection.js';
import { ranOutOfTime } from './failures.js';
import { follow } from './follow.js';
import { type HistoryNews, historyNews } from './history.js';
import { type ClosedRun, closedRuns, type RunResult, type RunsOf, runResult } from './past.js';
import {
  ignoreNotFound,
  isFull,
  lastHost,
  lastRun,
  type OpenRun,
  openRuns,
  type RunTime,
  runTimes,
  startOptions,
  withParams,
} from './runs.js';

/** A query waits for a worker: without one, this long. */
const QUERY_TIMEOUT_MS = 3000;
/** What the server knows by itself it tells in no time. */
const SERVER_TIMEOUT_MS = 2000;
/** Calls that are not given another time. */
const SIGNAL_TIMEOUT_MS = 10_000;

/** Speaks to the workflows of resources, in the words of workflows/messages.ts. */
export class ResourceClient {
  private readonly client: Client;

  constructor(private readonly temporal: TemporalConnection) {
    this.client = temporal.client;
  }

  /** Signals `wake`, starting the execution where none runs. @returns the run that has the signal. */
  wake(name: string, args: WakeArgs = {}, params?: Params): Promise<string> {
    return this.signalWithStart(name, signals.wake, args, withParams(params));
  }

  pin(name: string, args: PinArgs = {}, params?: Params): Promise<string> {
    return this.signalWithStart(name, signals.pin, args, withParams(params));
  }

  adopt(name: string, args: AdoptArgs, params?: Params): Promise<string> {
    const { host } = args.instance;
    return this.signalWithStart(name, signals.adopt, args, {
      ...withParams(params),
      adopted: true,
      ...(host === undefined ? {} : { host }),
    });
  }

  /** @returns false where nothing runs. */
  touch(name: string, args: TouchArgs, timeoutMs?: number): Promise<boolean> {
    return this.signal(name, signals.touch, args, timeoutMs);
  }

  unreachable(name: string, args: UnreachableArgs): Promise<boolean> {
    return this.signal(name, signals.unreachable, args);
  }

  stop(name: string, args: StopArgs = {}): Promise<boolean> {
    return this.signal(name, signals.stop, args);
  }

  /** Removes what is left of a resource, awake or asleep: `stop` with `delete`, starting it where none runs. */
  remove(name: string, args: Omit<StopArgs, 'then'> = {}, params?: Params): Promise<string> {
    const input = { ...withParams(params), adopted: true };
    return this.signalWithStart(name, signals.stop, { ...args, then: 'delete' }, input);
  }

  /** Removes what is left of a resource that sleeps. @returns false where it is awake: then nothing is done. */
  async removeAsleep(name: string, host: string | undefined, params?: Params): Promise<boolean> {
    const input = {
      ...withParams(params),
      adopted: true,
      gone: true,
      ...(host === undefined ? {} : { host }),
    };
    try {
      await this.client.workflow.start(WORKFLOW_TYPE, startOptions(name, input));
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  }

  /** What the last execution of a resource was started with, and when it ended. Needs no worker. */
  lastRun(name: string): Promise<{ params?: Params; closedAt?: number } | undefined> {
    return lastRun(this.client, name);
  }

  /** The host that it was awake on last. */
  lastHost(name: string): Promise<string | undefined> {
    return lastHost(this.client, name);
  }

  /** Whether a pool has no room for this run: see runs.ts. */
  isFull(nameStart: string, limit: number, run: { name: string; runId: string }): Promise<boolean> {
    return isFull(this.client, nameStart, limit, run);
  }

  /** When executions began and ended: see runs.ts. Asks the server alone. */
  runTimes(which: { closedSince?: number; limit: number }): Promise<RunTime[]> {
    return runTimes(this.client, which);
  }

  /** The latest closed executions: see past.ts. */
  closedRuns(which: RunsOf, limit: number): Promise<ClosedRun[]> {
    return closedRuns(this.client, which, limit);
  }

  /** What a closed execution said at its end: see past.ts. */
  runResult(name: string, runId: string): Promise<RunResult> {
    return runResult(this.client, name, runId);
  }

  unpin(name: string): Promise<boolean> {
    return this.signal(name, signals.unpin);
  }

  /**
   * The `ready` query; of the latest run where none is named. Undefined where there is no such execution.
   * @throws ReveilleError NO_WORKER where the server is there and nobody to answer.
   */
  ready(name: string, runId?: string): Promise<ReadyState | undefined> {
    return this.query<ReadyState>(name, queries.ready, runId);
  }

  /** Waits until a run's history has grown: see `historyNews`. */
  news(
    name: string,
    runId: string,
    token: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<HistoryNews> {
    return historyNews(this.temporal, name, runId, token, signal);
  }

  /**
   * The `status` query, of the run that is open; without one, of the last where it failed. Undefined where the
   * resource is asleep.
   * @param listed the run that is open, where that is known already.
   */
  async status(name: string, listed?: string): Promise<StatusState | undefined> {
    const open = listed ?? (await this.openRun(name));
    const status = await this.query<StatusState>(name, queries.status, open);
    // A run that was terminated says for ever what it was just then.
    const isOver = open === undefined && status?.phase !== 'failed';
    return isOver || status?.phase === 'asleep' ? undefined : status;
  }

  /** The run that is open, if any. Asks the server alone: needs no worker. */
  async openRun(name: string): Promise<string | undefined> {
    const handle = this.client.workflow.getHandle(workflowId(name));
    const describe = () => handle.describe().catch(ignoreNotFound);
    const found = await this.client.withDeadline(Date.now() + QUERY_TIMEOUT_MS, describe);
    return found?.status.name === 'RUNNING' ? found.runId : undefined;
  }

  /** Those of the resources that have an open execution. Asks the server alone. */
  async openOf(names: readonly string[]): Promise<string[]> {
    const open: string[] = [];
    for (const name of names) if ((await this.openRun(name)) !== undefined) open.push(name);
    return open;
  }

  /** Names of all resources with an open execution. The server's list may be a moment behind. */
  async list(): Promise<string[]> {
    return (await this.openRuns()).map(({ name }) => name);
  }

  /** The same, with what the list tells of each: see runs.ts. */
  openRuns(): Promise<OpenRun[]> {
    return openRuns(this.client);
  }

  /**
   * Resolves when the run that is open now has ended, or none is. After a stop a successor is a life of its
   * own, woken by somebody else meanwhile.
   */
  async untilAsleep(name: string, signal: AbortSignal): Promise<void> {
    const runId = await this.openRun(name);
    if (runId === undefined) return;
    let token: Uint8Array | undefined;
    for (;;) {
      const news = await this.news(name, runId, token, signal);
      if (news.closed) return;
      token = news.token;
    }
  }

  /**
   * Resolves when ready.
   * @throws ReveilleError the boot's failure, or STOPPED.
   */
  async untilReady(name: string, signal: AbortSignal, params?: Params): Promise<ReadyState> {
    const runId = await this.wake(name, { reason: 'waits until ready' }, params);
    let state: ReadyState | undefined;
    await follow({ resources: this, name, firstRun: runId, signal }, async (closed, run) => {
      state = await this.ready(name, run);
      return closed || state?.ready === true || state?.phase === 'failed';
    });
    if (state?.ready) return state;
    const failure = state?.failure;
    if (!failure) throw new ReveilleError('STOPPED', `${name} was stopped before it was ready`);
    throw new ReveilleError(
      failure.code,
      failure.message,
      failure.log === undefined ? {} : { log: failure.log },
    );
  }

  private async signalWithStart(
    name: string,
    signal: string,
    args: object,
    input: Partial<LifecycleInput> = {},
  ): Promise<string> {
    const options = { ...startOptions(name, input), signal, signalArgs: [args] };
    return (await this.client.workflow.signalWithStart(WORKFLOW_TYPE, options)).signaledRunId;
  }

  private async signal(
    name: string,
    signal: string,
    args?: object,
    timeoutMs = SIGNAL_TIMEOUT_MS,
  ): Promise<boolean> {
    try {
      const handle = this.client.workflow.getHandle(workflowId(name));
      await this.client.withDeadline(Date.now() + timeoutMs, () =>
        args === undefined ? handle.signal(signal) : handle.signal(signal, args),
      );
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  private async query<T>(name: string, query: string, runId?: string): Promise<T | undefined> {
    try {
      const handle = this.client.workflow.getHandle(workflowId(name), runId);
      return await this.client.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () => handle.query<T>(query));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      if (ranOutOfTime(error)) await this.throwIfServerAnswers(name, error);
      throw error;
    }
  }

  /** A query that found no answer in its time: where the server tells what it knows by itself, no worker is there. */
  private async throwIfServerAnswers(name: string, cause: unknown): Promise<void> {
    const answers = await this.client
      .withDeadline(Date.now() + SERVER_TIMEOUT_MS, () => this.openRun(name))
      .then(() => true)
      .catch(() => false);
    if (answers) throw new ReveilleError('NO_WORKER', undefined, { cause, retryInMs: 1000 });
  }
}
