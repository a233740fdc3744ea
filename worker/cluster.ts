import { status } from '@grpc/grpc-js';
import { isGrpcServiceError } from '@temporalio/client';
import type { TemporalConnection } from '../temporal/index.js';
import { searchAttributes } from '../workflows/messages.js';

/** Of a server that lets this account not list them, or does not know how: asking again would change nothing. */
const REFUSALS: readonly status[] = [status.PERMISSION_DENIED, status.UNIMPLEMENTED];

/**
 * Whether our search attributes exist: setting one that does not would wedge a workflow's task.
 * @returns `untold` where the server says that it does not tell: then none is set.
 * @throws where it does not answer.
 */
export async function findSearchAttributes({
  client,
  namespace,
}: TemporalConnection): Promise<'registered' | 'missing' | 'untold'> {
  try {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
    const known = Object.values(searchAttributes).every((name) => customAttributes?.[name] !== undefined);
    return known ? 'registered' : 'missing';
  } catch (error) {
    if (isGrpcServiceError(error) && REFUSALS.includes(error.code)) return 'untold';
    throw error;
  }
}
