import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { configSchema } from '../../config/index.js';
import { connectTemporal } from '../../temporal/index.js';
import { freePort } from '../kit/ports.js';

test('a connection that is closed while its calls wait to be tried again ends them all, and throws nowhere else', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const config = configSchema.parse({ temporal: { address }, resources: {} });
  const { client, close } = connectTemporal({ ...config, file: undefined, folder: '.' });
  const calls: Promise<unknown>[] = [];
  // At any moment some of them wait for their next try.
  for (let i = 0; i < 30; i++) {
    calls.push(client.workflow.getHandle(`w${i}`).describe());
    await delay(5);
  }
  const settled = Promise.allSettled(calls);
  await close();
  assert.deepEqual(new Set((await settled).map(({ status }) => status)), new Set(['rejected']));
});
