import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { Registry } from 'prom-client';
import {
  type Config,
  configSchema,
  METRICS_CALL,
  parseConfig,
  SIGNATURE_HEADER,
  sign,
} from '../../config/index.js';
import { WorkerMetrics } from '../../worker/metrics.js';
import { MetricsServer } from '../../worker/metrics-server.js';
import { quiet } from '../kit/stack.js';

const SECRET = 'a secret of the test';
const METRICS = { metrics: '127.0.0.1:0' };

async function serve(
  t: TestContext,
  file: object,
  sdkUrl?: string,
): Promise<{ url: string; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-metrics-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const config: Config = { ...configSchema.parse(file), file: undefined, folder };
  const { registry } = new WorkerMetrics();
  const server = new MetricsServer({ config, secret: SECRET, registry, sdkUrl, log: quiet });
  const at = await server.listen();
  t.after(() => server.close());
  return { url: `http://${at}/metrics`, folder };
}

test('activities are counted by outcome, and boots by resource', async () => {
  const metrics = new WorkerMetrics();
  metrics.names = (name) => name.slice(0, 4);
  const { execute } = metrics.counting('boot');
  const boot = (end: () => Promise<unknown>) =>
    execute?.({ args: [{ name: 'pool-7' }], headers: {} }, end).catch(() => {});
  await boot(async () => 'an instance');
  await boot(() => Promise.reject(ApplicationFailure.create({ type: 'BOOT_FAILED' })));
  await boot(() => Promise.reject(new CancelledFailure('stop')));
  const text = await metrics.registry.metrics();
  for (const outcome of ['done', 'BOOT_FAILED', 'cancelled']) {
    assert.ok(text.includes(`reveille_boots_total{resource="pool",outcome="${outcome}"} 1\n`), outcome);
    assert.ok(text.includes(`reveille_activities_total{activity="boot",outcome="${outcome}"} 1\n`), outcome);
  }
  assert.match(text, /reveille_activities_in_flight\{activity="boot"\} 0\n/);
});

test('without worker.metrics only the control of its machine is told, which finds it by its registration', async (t) => {
  const { url, folder } = await serve(t, {});
  assert.equal((await fetch(url)).status, 403);
  const run = join(folder, '.reveille/run');
  const [name = ''] = readdirSync(run);
  const { kind, at } = JSON.parse(readFileSync(join(run, name), 'utf8'));
  assert.equal(kind, 'worker');
  const answer = await fetch(`http://${at}/metrics`, {
    headers: { [SIGNATURE_HEADER]: sign(SECRET, METRICS_CALL) },
  });
  assert.match(await answer.text(), /^\[\{.*reveille_activities_in_flight/);
});

test('at worker.metrics Prometheus reads its metrics with those of the Temporal SDK', async (t) => {
  const sdk = createServer((_request, response) => response.end('temporal_x 1\n')).listen(0, '127.0.0.1');
  t.after(() => sdk.close());
  await once(sdk, 'listening');
  const address = sdk.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { url } = await serve(t, { worker: METRICS }, `http://127.0.0.1:${port}/`);
  const answer = await fetch(url);
  assert.equal(answer.headers.get('content-type'), Registry.PROMETHEUS_CONTENT_TYPE);
  assert.match(await answer.text(), /^reveille_activities_in_flight\{[\s\S]*^temporal_x 1$/m);
});

test('with control.token it is asked for, and off loopback it has to be there', async (t) => {
  const { url } = await serve(t, { worker: METRICS, control: { token: 'sesame' } });
  assert.equal((await fetch(url)).status, 401);
  const wrong = await fetch(url, { headers: { authorization: 'Bearer sesam' } });
  assert.equal(wrong.status, 401);
  const right = await fetch(url, { headers: { authorization: 'Bearer sesame' } });
  assert.equal(right.status, 200);
  assert.throws(
    () => parseConfig('worker: { metrics: 0.0.0.0:8082 }', '/reveille.yaml'),
    /control\.token is missing/,
  );
});

test('an address that is in use keeps no worker from its work', async (t) => {
  const { url } = await serve(t, { worker: METRICS });
  const taken = new URL(url).host;
  const second = await serve(t, { worker: { metrics: taken } });
  assert.notEqual(second.url, url);
  assert.equal((await fetch(second.url)).status, 200);
});
