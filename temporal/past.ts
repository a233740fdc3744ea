/** Executions that have closed: the past of a resource. What one says of itself never changes again. */
import {
  type Client,
  defaultPayloadConverter,
  WorkflowContinuedAsNewError,
  WorkflowFailedError,
} from '@temporalio/client';
import proto from '@temporalio/proto';
import {
  type LifecycleInput,
  type LifecycleSummary,
  resourceOf,
  WORKFLOW_TYPE,
  workflowId,
} from '../workflows/messages.js';

const { HistoryEventFilterType } = proto.temporal.api.enums.v1;

/** How an execution ended, as the server has it; `continued`: a successor followed at once. */
export type RunOutcome = 'completed' | 'failed' | 'canceled' | 'terminated' | 'continued' | 'timed-out';

/** Whose executions: those of these names, or of all whose name begins so. */
export type RunsOf = { readonly names: readonly string[] } | { readonly nameStart: string };

/** One closed execution as the server's list has it. Times in ms since 1970. */
export interface ClosedRun {
  readonly name: string;
  readonly runId: string;
  readonly start: number;
  readonly end: number;
  readonly outcome: RunOutcome;
}
/** What an execution said at its end: its summary, or why it failed. Neither where it was cut off. */
export interface RunResult {
  readonly summary?: LifecycleSummary;
  readonly failure?: string;
  /** Its successor went on with the same awake period. */
  readonly goesOn?: true;
}

const OUTCOMES: Readonly<Record<string, RunOutcome>> = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'canceled',
  TERMINATED: 'terminated',
  CONTINUED_AS_NEW: 'continued',
  TIMED_OUT: 'timed-out',
};
const CONTINUED = "ExecutionStatus = 'ContinuedAsNew'";
const ENDED = "ExecutionStatus != 'Running' AND ExecutionStatus != 'ContinuedAsNew'";

/**
 * The latest closed executions, the latest first: at most `limit` of those that continued as new, and of the others, so
 * that a life of many runs does not hide what was before. The server's list may be a moment behind.
 */
export async function closedRuns(client: Client, which: RunsOf, limit: number): Promise<ClosedRun[]> {
  const [ended, continued] = await Promise.all(
    [ENDED, CONTINUED].map((status) => latest(client, `${whose(which)} AND ${status}`, limit)),
  );
  return [...(ended ?? []), ...(continued ?? [])].sort((a, b) => b.end - a.end);
}

function whose(which: RunsOf): string {
  const type = `WorkflowType = '${WORKFLOW_TYPE}'`;
  if ('nameStart' in which) return `${type} AND WorkflowId STARTS_WITH '${workflowId(which.nameStart)}'`;
  return `${type} AND WorkflowId IN (${which.names.map((name) => `'${workflowId(name)}'`).join(', ')})`;
}

async function latest(client: Client, query: string, limit: number): Promise<ClosedRun[]> {
  const runs: ClosedRun[] = [];
  const found = client.workflow.list({ query, pageSize: limit });
  for await (const { workflowId: id, runId, startTime, closeTime, status } of found) {
    const name = resourceOf(id);
    const outcome = OUTCOMES[status.name];
    if (name === undefined || closeTime === undefined || outcome === undefined) continue;
    runs.push({ name, runId, start: startTime.getTime(), end: closeTime.getTime(), outcome });
    if (runs.length >= limit) break;
  }
  return runs;
}

/** What one closed execution said at its end. */
export async function runResult(client: Client, name: string, runId: string): Promise<RunResult> {
  const handle = client.workflow.getHandle(workflowId(name), runId, { followRuns: false });
  try {
    return { summary: (await handle.result()) as LifecycleSummary };
  } catch (error) {
    if (error instanceof WorkflowContinuedAsNewError) return await continuedResult(client, name, runId);
    if (error instanceof WorkflowFailedError) return { failure: error.cause?.message ?? error.message };
    throw error;
  }
}

/** It stands in what it gave to its successor. Runs of an older Reveille gave nothing: most of them went on. */
async function continuedResult(client: Client, name: string, runId: string): Promise<RunResult> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId: workflowId(name), runId },
    historyEventFilterType: HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
  });
  const [payload] =
    history?.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.input?.payloads ?? [];
  if (!payload) return { goesOn: true };
  const { before } = defaultPayloadConverter.fromPayload<LifecycleInput>(payload);
  if (before === undefined) return { goesOn: true };
  return { summary: before.summary, ...(before.goesOn ? { goesOn: true } : {}) };
}
