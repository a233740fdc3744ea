import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { House } from '../kit/house.js';
import { MachineService } from '../kit/machine-service.js';

const SERVE = `require('http').createServer((q, r) => r.end('here')).listen(process.env.PORT, '127.0.0.1')`;

test('SPF8: what runs at a service that lists it is adopted while nobody asks, and ended when it is idle', async () => {
  const service = await MachineService.open([process.execPath, '-e', SERVE]);
  try {
    const http = service.settings({});
    const lab = { provider: 'http', http, health: { path: '/' }, idle: { after: '1s' } };
    const { url } = http as { url: string };
    await fetch(`${url}/machines/lab`, { method: 'POST', body: '{"env":{}}' });
    await House.live({ resources: { lab }, top: { reconcile: '500ms' } }, async (house) => {
      await eventually('it is adopted', async () => (await house.resources.status('lab'))?.phase === 'ready');
      await house.untilAsleep('lab');
      assert.deepEqual(service.known('lab'), []);
    });
  } finally {
    await service.close();
  }
});
