import { status } from '@grpc/grpc-js';
import { isGrpcServiceError } from '@temporalio/client';
import { isReveilleError, ReveilleError } from '../errors/index.js';

/**
 * What a failed call to Temporal means. A server that is away is another thing than a server without workers: only
 * queries need those (resource-client.ts tells which of the two left one without an answer).
 */
export function temporalError(error: unknown): ReveilleError {
  if (isReveilleError(error)) return error;
  const code = grpcCode(error);
  const message = error instanceof Error ? error.message : String(error);
  const options = { cause: error, retryInMs: 1000 };
  if (/no poller|query was buffered|query timed out/i.test(message) || code === status.FAILED_PRECONDITION) {
    return new ReveilleError('NO_WORKER', undefined, options);
  }
  if (code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED) {
    return new ReveilleError('TEMPORAL_UNREACHABLE', undefined, options);
  }
  return new ReveilleError('TEMPORAL_UNREACHABLE', message, options);
}

/**
 * The call was answered by nobody in its time. The server knows the deadline too: when it gives up first, its
 * reset of the stream arrives as CANCELLED.
 */
export function ranOutOfTime(error: unknown): boolean {
  const code = grpcCode(error);
  return code === status.DEADLINE_EXCEEDED || code === status.CANCELLED;
}

function grpcCode(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code;
  if (error instanceof Error && error.cause !== undefined) return grpcCode(error.cause);
  return undefined;
}
