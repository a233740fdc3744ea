/** Executions that have closed: the past of a resource. What one says of itself never changes again. */
import { type Client, WorkflowContinuedAsNewError, WorkflowFailedError } from '@temporalio/client';
import { type LifecycleSummary, WORKFLOW_TYPE, workflowId } from '../workflows/messages.js';

/** How an execution ended, as the server has it; `continued`: a successor went on with it. */
export type RunOutcome = 'completed' | 'failed' | 'canceled' | 'terminated' | 'continued' | 'timed-out';

/** One closed execution as the server's list has it. Times in ms since 1970. */
export interface ClosedRun {
  readonly runId: string;
  readonly start: number;
  readonly end: number;
  readonly outcome: RunOutcome;
}
/** What an execution said at its end: its summary, or why it failed. Neither where it was cut off. */
export interface RunResult {
  readonly summary?: LifecycleSummary;
  readonly failure?: string;
}

const OUTCOMES: Readonly<Record<string, RunOutcome>> = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'canceled',
  TERMINATED: 'terminated',
  CONTINUED_AS_NEW: 'continued',
  TIMED_OUT: 'timed-out',
};

/** The latest closed executions of a resource, at most `limit`. The server's list may be a moment behind. */
export async function closedRuns(client: Client, name: string, limit: number): Promise<ClosedRun[]> {
  const query = `WorkflowType = '${WORKFLOW_TYPE}' AND WorkflowId = '${workflowId(name)}' AND ExecutionStatus != 'Running'`;
  const runs: ClosedRun[] = [];
  for await (const { runId, startTime, closeTime, status } of client.workflow.list({
    query,
    pageSize: limit,
  })) {
    const outcome = OUTCOMES[status.name];
    if (closeTime === undefined || outcome === undefined) continue;
    runs.push({ runId, start: startTime.getTime(), end: closeTime.getTime(), outcome });
    if (runs.length >= limit) break;
  }
  return runs.sort((a, b) => b.end - a.end);
}

/** What one closed execution said at its end. */
export async function runResult(client: Client, name: string, runId: string): Promise<RunResult> {
  const handle = client.workflow.getHandle(workflowId(name), runId, { followRuns: false });
  try {
    return { summary: (await handle.result()) as LifecycleSummary };
  } catch (error) {
    if (error instanceof WorkflowContinuedAsNewError) return {};
    if (error instanceof WorkflowFailedError) return { failure: error.cause?.message ?? error.message };
    throw error;
  }
}
