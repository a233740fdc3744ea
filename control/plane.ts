/** What the control address needs of Temporal, and how its failures are told. */
import { isGrpcServiceError } from '@temporalio/client';
import type { Params } from '../config/index.js';
import { isReveilleError, ReveilleError } from '../errors/index.js';
import {
  type ClosedRun,
  type ImageClient,
  type OpenRun,
  type RunResult,
  type RunsOf,
  type RunTime,
  temporalError,
} from '../temporal/index.js';
import type { StatusState, StopMode } from '../workflows/messages.js';

/** Bound of every short call: past it Temporal counts as out of reach. */
const CALL_MS = 3000;
const RETRY_MS = 2000;
/** One status query; a worker that is there answers in milliseconds. */
const STATUS_MS = 2000;

/** The part of ResourceClient (temporal/) that is used here. */
export interface ResourceLife {
  wake(name: string, args: { reason: string }, params?: Params): Promise<unknown>;
  /** False: nothing ran. */
  stop(name: string, args: { then?: StopMode; force?: boolean; reason: string }): Promise<boolean>;
  /** Awake or asleep: what is left of it is removed. */
  remove(name: string, args: { reason: string }, params?: Params): Promise<unknown>;
  pin(name: string, args: { until?: number; reason: string }, params?: Params): Promise<unknown>;
  /** False: nothing ran. */
  unpin(name: string): Promise<boolean>;
  /** Undefined: asleep. `listed`: the run that is open, where that is known already. */
  status(name: string, listed?: string): Promise<StatusState | undefined>;
  /** The open executions. */
  openRuns(): Promise<OpenRun[]>;
  untilAsleep(name: string, signal: AbortSignal): Promise<unknown>;
  /** Rejects with the failure where the boot fails. */
  untilReady(name: string, signal: AbortSignal, params?: Params): Promise<unknown>;
  /** What the last execution of a member was started with. Undefined: there is none. */
  lastRun(name: string): Promise<{ params?: Params } | undefined>;
  /** When the executions that are open began, or those that have closed since then began and ended. */
  runTimes(which: { closedSince?: number; limit: number }): Promise<RunTime[]>;
  /** The latest executions that have closed; of those that continued as new as many again. */
  closedRuns(which: RunsOf, limit: number): Promise<ClosedRun[]>;
  /** What one of them said at its end. */
  runResult(name: string, runId: string): Promise<RunResult>;
}

export interface Plane {
  readonly resources: ResourceLife;
  readonly images: Pick<ImageClient, 'add' | 'state' | 'chore'>;
  /** Runs calls under a deadline of their own, so that none is still sent when the answer was "failed". */
  withDeadline<T>(ms: number, calls: () => Promise<T>): Promise<T>;
  /** Rejects where Temporal does not answer. */
  ping(): Promise<void>;
  /** Whether a worker has polled lately. */
  workerPresent(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Runs short calls to Temporal: those that need no worker.
 * @throws ReveilleError: those of the calls, or TEMPORAL_UNREACHABLE after at most `ms`.
 */
export async function call<T>(plane: Plane, calls: () => Promise<T>, ms: number = CALL_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unreachable(`Temporal did not answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([plane.withDeadline(ms, calls), late]);
  } catch (error) {
    const named = asReveilleError(error);
    throw named.code === 'NO_WORKER' ? unreachable('Temporal did not answer in time', error) : named;
  } finally {
    clearTimeout(timer);
  }
}

/** What is known of a resource: its state, or why nobody can say. */
export type Known = { status: StatusState | undefined } | { trouble: ReveilleError };

/** Asks one execution how it is. Never rejects: a list has a line for the one that does not answer. */
export async function statusOf(plane: Plane, name: string, listed?: string): Promise<Known> {
  try {
    return { status: await call(plane, () => plane.resources.status(name, listed), STATUS_MS) };
  } catch (error) {
    return { trouble: await explain(plane, asReveilleError(error)) };
  }
}

/** A query that nobody answers looks alike with Temporal down and with no worker: tells which. */
async function explain(plane: Plane, error: ReveilleError): Promise<ReveilleError> {
  if (error.code !== 'TEMPORAL_UNREACHABLE') return error;
  try {
    const present = await call(plane, () => plane.workerPresent(), STATUS_MS);
    const message = present ? 'The worker did not answer in time' : 'No worker is running';
    return new ReveilleError('NO_WORKER', message, { cause: error, retryInMs: RETRY_MS });
  } catch {
    return error;
  }
}

function unreachable(message: string, cause?: unknown): ReveilleError {
  return new ReveilleError('TEMPORAL_UNREACHABLE', message, { cause, retryInMs: RETRY_MS });
}

/** Every failure of a call by its name; what is not Temporal's is a fault of ours. */
export function asReveilleError(error: unknown): ReveilleError {
  if (isReveilleError(error)) return error;
  if (isTemporals(error)) return temporalError(error);
  return new ReveilleError('INTERNAL', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}

function isTemporals(error: unknown): boolean {
  if (isGrpcServiceError(error)) return true;
  return error instanceof Error && error.cause !== undefined && isTemporals(error.cause);
}
