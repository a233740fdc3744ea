import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceDetails } from '../../control/contract.js';
import { startControl } from '../../control/main.js';
import { eventually } from '../kit/conditions.js';
import { codeOf, raw, SECRET } from '../kit/control.js';
import { needs } from '../kit/engines.js';
import { silentLog } from '../kit/silent-log.js';
import { Stack } from '../kit/stack.js';

test(
  'over a real Temporal: wake, show, stop; down, it stays up and says so; back, it goes on',
  needs('temporal'),
  async (t) => {
    const stack = await Stack.start({ hello: {} });
    t.after(() => stack.close());
    const config = { ...stack.config, control: { listen: '127.0.0.1:0' } };
    const service = await startControl({ config, log: silentLog, secret: SECRET });
    t.after(() => service.close());
    const url = `http://${service.address}`;
    const api = `${url}/api/v1/resources/hello`;
    const phase = async () => (JSON.parse((await raw(api)).text) as ResourceDetails).phase;
    const checks = async () => {
      const { text } = await raw(`${url}/readyz`);
      const { temporal, worker } = (JSON.parse(text) as { checks: Record<string, { ok: boolean }> }).checks;
      return [temporal?.ok, worker?.ok];
    };

    await eventually('the worker is seen', async () => (await checks()).every(Boolean));
    assert.equal(await phase(), 'asleep');
    assert.equal((await raw(`${api}/wake?wait=true`, { method: 'POST' })).status, 200);
    assert.equal(await phase(), 'ready');
    assert.equal((await raw(`${api}/stop?wait=true`, { method: 'POST' })).status, 200);
    assert.equal(await phase(), 'asleep');

    await stack.server.kill();
    assert.deepEqual(await checks(), [false, false]);
    assert.equal((await raw(`${url}/healthz`)).status, 200);
    assert.equal(codeOf(await raw(`${api}/wake`, { method: 'POST' })), 'TEMPORAL_UNREACHABLE');
    assert.equal(codeOf(await raw(api)), 'TEMPORAL_UNREACHABLE');
    // Started while Temporal is away, it is there as well.
    const second = await startControl({ config, log: silentLog, secret: SECRET });
    t.after(() => second.close());
    assert.equal((await raw(`http://${second.address}/readyz`)).status, 503);

    await stack.server.run();
    await eventually('Temporal is seen again', async () => (await checks())[0]);
    assert.equal(codeOf(await raw(`${api}/stop`, { method: 'POST' })), undefined);
  },
);

test('with no worker an awake resource is unknown, for that reason', needs('temporal'), async (t) => {
  const stack = await Stack.start({ hello: {} });
  t.after(() => stack.close());
  await stack.stopWorker();
  const config = { ...stack.config, control: { listen: '127.0.0.1:0' } };
  const service = await startControl({ config, log: silentLog, secret: SECRET });
  t.after(() => service.close());
  const api = `http://${service.address}/api/v1/resources/hello`;
  assert.equal((await raw(`${api}/wake`, { method: 'POST' })).status, 202);
  const shown = JSON.parse((await raw(api)).text) as ResourceDetails;
  assert.deepEqual([shown.phase, shown.trouble?.code], ['unknown', 'NO_WORKER']);
});
