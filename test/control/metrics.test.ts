import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Counter, Histogram, Registry } from 'prom-client';
import { type Config, SIGNATURE_HEADER, stateDir, verify } from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';
import { raw, readyState, SECRET, startTestControl } from '../kit/control.js';

let files = 0;
async function startProxy(t: TestContext, config: Config, listener: RequestListener): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  register(config, `127.0.0.1:${port}`, process.pid);
}
function register(config: Config, at: string, pid: number): void {
  const folder = join(stateDir(config), 'run');
  mkdirSync(folder, { recursive: true });
  files += 1;
  writeFileSync(
    join(folder, `proxy-${files}.json`),
    JSON.stringify({ kind: 'proxy', id: `p${files}`, at, pid }),
  );
}
function metricsOf(count: number): RequestListener {
  const registry = new Registry();
  const registers = [registry];
  const labels = { resource: 'hello' };
  new Counter({ name: 'reveille_requests_total', help: 'h', labelNames: ['resource'], registers }).inc(
    labels,
    count,
  );
  new Histogram({ name: 'reveille_wake_seconds', help: 'h', buckets: [1], registers }).observe(count);
  new Counter({ name: 'other_total', help: 'h', registers }).inc();
  return async (req, res) => {
    const known = req.url === '/metrics' && verify(SECRET, 'GET /metrics', req.headers[SIGNATURE_HEADER]);
    res.writeHead(known ? 200 : 401).end(JSON.stringify(await registry.getMetricsAsJSON()));
  };
}

test('the metrics of all proxies are added up, under names of reveille alone', async (t) => {
  const { url, config } = await startTestControl(t);
  await startProxy(t, config, metricsOf(2));
  await startProxy(t, config, metricsOf(3));
  const { text, headers } = await raw(`${url}/metrics`);
  assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/);
  assert.match(text, /^reveille_requests_total\{resource="hello"\} 5$/m);
  assert.match(text, /^reveille_wake_seconds_count 2$/m);
  assert.match(text, /^reveille_proxies 2$/m);
  const names = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  for (const line of names) assert.match(line, /^reveille_/);
});

test('a proxy that hangs, is gone, was killed or talks nonsense is left out', {
  timeout: 20_000,
}, async (t) => {
  const { url, config } = await startTestControl(t);
  await startProxy(t, config, () => {});
  await startProxy(t, config, (_req, res) => res.end('{"name":'));
  await startProxy(t, config, (_req, res) =>
    res.end('[{"name":"reveille_x{} 1\\ny","help":"","type":"gauge","values":[]}]'),
  );
  await startProxy(t, config, metricsOf(1));
  register(config, '127.0.0.1:1', process.pid);
  register(config, '127.0.0.1:1', 2 ** 22);
  writeFileSync(join(stateDir(config), 'run', 'proxy-9999.json'), '{"kind":');
  const { text } = await raw(`${url}/metrics`);
  assert.match(text, /^reveille_proxies 2$/m);
  assert.match(text, /^reveille_requests_total\{resource="hello"\} 1$/m);
  assert.doesNotMatch(text, /reveille_x/);
});

test('resources are counted by phase; with Temporal down no phase is told', async (t) => {
  const { url, plane } = await startTestControl(t);
  plane.awake.set('other', readyState('other', { phase: 'booting' }));
  const up = (await raw(`${url}/metrics`)).text;
  assert.match(up, /^reveille_resources\{phase="asleep"\} 1$/m);
  assert.match(up, /^reveille_resources\{phase="booting"\} 1$/m);
  assert.match(up, /^reveille_temporal_up 1$/m);
  plane.failure = new ReveilleError('TEMPORAL_UNREACHABLE');
  const down = (await raw(`${url}/metrics`)).text;
  assert.doesNotMatch(down, /^reveille_resources\{/m);
  assert.match(down, /^reveille_temporal_up 0$/m);
});

test('requests to the API are counted by route pattern, whatever names are asked for', async (t) => {
  const { url } = await startTestControl(t);
  for (const name of ['hello', 'a', 'b']) await raw(`${url}/api/v1/resources/${name}`);
  await raw(`${url}/no/such/path`);
  const { text } = await raw(`${url}/metrics`);
  const counted = (route: string, code: number) =>
    `reveille_api_requests_total{method="GET",route="${route}",code="${code}"}`;
  assert.ok(text.includes(`${counted('/api/v1/resources/:name', 200)} 1`), text);
  assert.ok(text.includes(`${counted('/api/v1/resources/:name', 404)} 2`), text);
  assert.ok(text.includes(`${counted('none', 404)} 1`), text);
});

test('ready means that Temporal, a worker and a proxy are there; healthy means only that it lives', async (t) => {
  const { url, plane, config } = await startTestControl(t);
  const ready = async () => {
    const { status, text } = await raw(`${url}/readyz`);
    const { checks } = JSON.parse(text) as { checks: Record<string, { ok: boolean }> };
    return [status, checks.temporal?.ok, checks.worker?.ok, checks.proxy?.ok];
  };
  assert.deepEqual(await ready(), [503, true, true, false]);
  await startProxy(t, config, metricsOf(1));
  assert.deepEqual(await ready(), [200, true, true, true]);
  plane.worker = false;
  assert.deepEqual(await ready(), [503, true, false, true]);
  plane.failure = 'hang';
  assert.deepEqual(await ready(), [503, false, false, true]);
  assert.equal((await raw(`${url}/healthz`)).status, 200);
});
