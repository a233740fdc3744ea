import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type handleUnaryCall, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { connectTemporal } from '../../temporal/index.js';
import { findSearchAttributes } from '../../worker/cluster.js';
import { configOf } from '../kit/control.js';

const PATH = '/temporal.api.operatorservice.v1.OperatorService/ListSearchAttributes';

/** What is found at a server that answers the question with this error; without one it does not know the method. */
async function foundAt(t: TestContext, code?: status) {
  const server = new Server();
  const bytes = (value: Buffer) => value;
  const list = {
    path: PATH,
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  };
  const refuse: handleUnaryCall<Buffer, Buffer> = (_call, answer) => answer({ code: code ?? 0 });
  if (code !== undefined) server.addService({ list }, { list: refuse });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  t.after(() => server.forceShutdown());
  const connection = connectTemporal(configOf(t, `temporal: { address: "127.0.0.1:${port}" }`));
  t.after(() => connection.close());
  return await findSearchAttributes(connection);
}

test('where search attributes may not be listed, or nobody knows how, a worker goes on without them', async (t) => {
  assert.equal(await foundAt(t, status.PERMISSION_DENIED), 'untold');
  assert.equal(await foundAt(t), 'untold');
});

test('a server that fails otherwise is asked again: it may know them', async (t) => {
  await assert.rejects(foundAt(t, status.INTERNAL));
  await assert.rejects(foundAt(t, status.UNAUTHENTICATED));
});
