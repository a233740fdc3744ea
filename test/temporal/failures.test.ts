import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metadata, status } from '@grpc/grpc-js';
import { ServiceError } from '@temporalio/client';
import { ranOutOfTime, temporalError } from '../../temporal/failures.js';

/** As the SDK wraps what gRPC says. */
function failed(code: status): Error {
  const cause = Object.assign(new Error(`${code}`), { code, details: '', metadata: new Metadata() });
  return new ServiceError('Failed to query Workflow', { cause });
}

test('a query that the server gives up at its deadline has run out of time, as one that the client gives up', () => {
  assert.equal(ranOutOfTime(failed(status.CANCELLED)), true);
  assert.equal(ranOutOfTime(failed(status.DEADLINE_EXCEEDED)), true);
  assert.equal(ranOutOfTime(failed(status.UNAVAILABLE)), false);
});

test('a server that is away is TEMPORAL_UNREACHABLE', () => {
  assert.equal(temporalError(failed(status.UNAVAILABLE)).code, 'TEMPORAL_UNREACHABLE');
});
