/** Executions as the server itself knows them: how they are started, and what is asked without a worker. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { Params } from '../config/index.js';
import {
  EXISTED,
  type Existence,
  type LifecycleInput,
  type ReadyState,
  resourceOf,
  searchAttributes,
  TASK_QUEUE,
  TOLD,
  WORKFLOW_TYPE,
  workflowId,
} from '../workflows/messages.js';

export const OPEN = `WorkflowType = '${WORKFLOW_TYPE}' AND ExecutionStatus = 'Running'`;
const CLOSED = `WorkflowType = '${WORKFLOW_TYPE}' AND ExecutionStatus != 'Running'`;
const PARAMS_MEMO = 'params';
const PHASE = defineSearchAttributeKey(searchAttributes.phase, SearchAttributeType.KEYWORD);

export function startOptions(name: string, input: Partial<LifecycleInput>) {
  return {
    workflowId: workflowId(name),
    taskQueue: TASK_QUEUE,
    args: [{ name, tells: true, ...input }],
    staticSummary: `The life of ${name}, from its wake to its sleep`,
    // Where the name does not tell them, whoever names the member later finds them here.
    ...(input.params === undefined ? {} : { memo: { [PARAMS_MEMO]: input.params } }),
  };
}

export const withParams = (params: Params | undefined): Partial<LifecycleInput> =>
  params === undefined ? {} : { params };

/** What the last execution of a resource was started with, and when it ended. */
export async function lastRun(
  client: Client,
  name: string,
): Promise<{ params?: Params; closedAt?: number } | undefined> {
  const found = await client.workflow.getHandle(workflowId(name)).describe().catch(ignoreNotFound);
  if (found === undefined) return undefined;
  const params = found.memo?.[PARAMS_MEMO] as Params | undefined;
  return {
    ...(params === undefined ? {} : { params }),
    ...(found.closeTime === undefined ? {} : { closedAt: found.closeTime.getTime() }),
  };
}

/** As many of the runs before are looked at: those that never had an instance tell no host. */
const RUNS_BACK = 5;

/** The host that a resource was awake on last, as far as its closed executions tell. */
export async function lastHost(client: Client, name: string): Promise<string | undefined> {
  const query = `WorkflowId = '${workflowId(name)}' AND ExecutionStatus != 'Running'`;
  let looked = 0;
  for await (const { memo } of client.workflow.list({ query, pageSize: RUNS_BACK })) {
    const { host } = (memo?.[TOLD] ?? {}) as Partial<ReadyState>;
    if (host !== undefined) return host;
    looked += 1;
    if (looked >= RUNS_BACK) break;
  }
  return undefined;
}

/**
 * Whether as many other executions as this were open before this run began, of resources whose names begin so: of
 * many that come at once the first ones find room, whoever asks. The server's list may be a moment behind.
 */
export async function isFull(
  client: Client,
  nameStart: string,
  limit: number,
  run: { name: string; runId: string },
): Promise<boolean> {
  const id = workflowId(run.name);
  const { startTime } = await client.workflow.getHandle(id, run.runId).describe();
  const query = `${OPEN} AND WorkflowId STARTS_WITH '${workflowId(nameStart)}'`;
  let before = 0;
  for await (const other of client.workflow.list({ query })) {
    const order = other.startTime.getTime() - startTime.getTime() || (other.workflowId < id ? -1 : 1);
    if (other.workflowId !== id && order < 0) before += 1;
    if (before >= limit) return true;
  }
  return false;
}

/** When one execution of a resource began and ended, in ms since 1970. No end: it is open. */
export interface RunTime {
  readonly name: string;
  readonly runId: string;
  readonly start: number;
  readonly end?: number;
  /** It ended by handing on to a successor. */
  readonly continued?: true;
  /** For how much of it there was an instance. Absent: for all of it. */
  readonly existence?: Existence;
}

/** Those of the executions that are open; or that have closed since then. The server's list may be a moment behind. */
export async function runTimes(
  client: Client,
  { closedSince, limit }: { closedSince?: number; limit: number },
): Promise<RunTime[]> {
  const times: RunTime[] = [];
  const query =
    closedSince === undefined ? OPEN : `${CLOSED} AND CloseTime >= '${new Date(closedSince).toISOString()}'`;
  for await (const run of client.workflow.list({ query })) {
    const { workflowId: id, runId, startTime, closeTime, status, memo } = run;
    const name = resourceOf(id);
    if (name === undefined) continue;
    const end = closeTime === undefined ? {} : { end: closeTime.getTime() };
    const continued = status.name === 'CONTINUED_AS_NEW' ? { continued: true as const } : {};
    const told = memo?.[EXISTED] as Existence | undefined;
    const existence = told === undefined ? {} : { existence: told };
    times.push({ name, runId, start: startTime.getTime(), ...end, ...continued, ...existence });
    if (times.length >= limit) break;
  }
  return times;
}

/** An execution that is open, as the server's list has it. */
export interface OpenRun {
  readonly name: string;
  readonly runId: string;
  /** Where the cluster has our search attributes. */
  readonly phase?: string;
}

/** All resources with an open execution. The server's list may be a moment behind. */
export async function openRuns(client: Client): Promise<OpenRun[]> {
  const runs: OpenRun[] = [];
  for await (const { workflowId: id, runId, typedSearchAttributes: told } of client.workflow.list({
    query: OPEN,
  })) {
    const name = resourceOf(id);
    const phase = told.get(PHASE);
    if (name !== undefined) runs.push({ name, runId, ...(phase === undefined ? {} : { phase }) });
  }
  return runs;
}

export function ignoreNotFound(error: unknown): undefined {
  if (error instanceof WorkflowNotFoundError) return undefined;
  throw error;
}
