import { type Client, defaultPayloadConverter } from '@temporalio/client';
import proto from '@temporalio/proto';
import { type ReadyState, TOLD, workflowId } from '../workflows/messages.js';

const { EventType } = proto.temporal.api.enums.v1;

/** The server ends an empty long poll by itself after about a minute; this is beyond it. */
const POLL_TIMEOUT_MS = 90_000;

/** What a look at a run's history told. */
export interface HistoryNews {
  /** Where to go on. */
  token: Uint8Array;
  /** A workflow task was completed: what the queries answer may have changed. */
  changed: boolean;
  /** The last of the answers that the run has told in its history. */
  told?: ReadyState | undefined;
  /** The run has ended. With a successor where it continued as new. */
  closed?: { successor?: string };
}

/**
 * Waits until a run's history has grown beyond `token` (a long poll); without token it returns at once with
 * what there is. An empty poll is news too, with nothing changed.
 */
export async function historyNews(
  { client, namespace }: { client: Client; namespace: string },
  resource: string,
  runId: string,
  token: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<HistoryNews> {
  const { connection } = client;
  const request = {
    namespace,
    execution: { workflowId: workflowId(resource), runId },
    waitNewEvent: true,
    ...(token === undefined ? {} : { nextPageToken: token }),
  };
  // One of its own for each call: the SDK leaves its listener behind on the signal that it is given.
  const response = await connection.withAbortSignal(AbortSignal.any([signal]), () =>
    connection.withDeadline(Date.now() + POLL_TIMEOUT_MS, () =>
      client.workflowService.getWorkflowExecutionHistory(request),
    ),
  );
  const events = response.history?.events ?? [];
  const last = events.at(-1);
  const next = response.nextPageToken ?? new Uint8Array();
  const news: HistoryNews = {
    token: next,
    changed: events.some(({ eventType }) => eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED),
    told: events.map(toldBy).findLast((state) => state !== undefined),
  };
  const continued = last?.workflowExecutionContinuedAsNewEventAttributes;
  if (continued) return { ...news, changed: true, closed: { successor: continued.newExecutionRunId ?? '' } };
  return next.length === 0 ? { ...news, changed: true, closed: {} } : news;
}

function toldBy({
  workflowPropertiesModifiedEventAttributes: modified,
}: proto.temporal.api.history.v1.IHistoryEvent): ReadyState | undefined {
  const payload = modified?.upsertedMemo?.fields?.[TOLD];
  return payload ? defaultPayloadConverter.fromPayload<ReadyState>(payload) : undefined;
}
