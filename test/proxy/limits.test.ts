import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { answering, GET, OK, startBench, startInstance, until } from '../kit/http-bench.js';

test('too many bytes of header fields are answered 431', async (t) => {
  const bench = await startBench(t, { proxy: { limits: { headerBytes: '8KiB' } } });
  const text = await bench.exchange(`GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'b'.repeat(100_000)}\r\n\r\n`);
  assert.match(text, /^HTTP\/1\.1 431 [\s\S]*REQUEST_HEADERS_TOO_LARGE/);
});

test('too many header fields are answered 431, and as many as allowed are all forwarded', async (t) => {
  const bench = await startBench(t, { proxy: { limits: { headers: 20 } } });
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  const request = (count: number): string =>
    `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${'X-A: b\r\n'.repeat(count)}\r\n`;
  assert.match(await bench.exchange(request(19)), /^HTTP\/1\.1 431 /);
  assert.match(await bench.exchange(request(18)), /^HTTP\/1\.1 200 /);
  assert.equal((await instance.peer(0)).text.match(/X-A/g)?.length, 18);
});

test('a head that does not end is answered 408', async (t) => {
  const bench = await startBench(t, { proxy: { limits: { headerTimeout: '100ms' } } });
  const text = await bench.exchange('GET / HTTP/1.1\r\nHost: a\r\nX-');
  assert.match(text, /^HTTP\/1\.1 408 [\s\S]*REQUEST_TIMEOUT/);
});

test('a held request is not taken for a slow head', async (t) => {
  const bench = await startBench(t, { proxy: { limits: { headerTimeout: '100ms' } } });
  const instance = await startInstance(t, answering(OK));
  const slow = bench.exchange('GET / HTTP/1.1\r\nHost: a\r\nX-');
  const client = await bench.client();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => bench.gate.held() === 1);
  // The slow one has been cut off: the check has run.
  await slow;
  bench.gate.wake('app', instance.port);
  await client.sees('200 OK');
});

test('an idle connection of a client is kept for the configured time', async (t) => {
  const bench = await startBench(t, { proxy: { limits: { keepAlive: '3s' } } });
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.sees('\r\nKeep-Alive: timeout=3\r\n');
  await client.closed();
});

for (const [key, code, status] of [
  ['connections', 'CONNECTIONS_FULL', 503],
  ['perAddress', 'ADDRESS_FULL', 429],
] as const) {
  test(`one connection more than ${key} is answered ${status}, others go on, and a place comes free`, async (t) => {
    const bench = await startBench(t, { proxy: { limits: { [key]: 1 } } });
    const instance = await startInstance(t, answering(OK));
    bench.gate.wake('app', instance.port);
    const first = await bench.client();
    assert.match(await bench.exchange(GET), new RegExp(`^HTTP/1\\.1 ${status} [^]*${code}`));
    assert.equal(bench.gate.entered, 0);
    assert.ok(bench.lines.some((line) => line.code === code));
    first.send(GET);
    await first.sees('200 OK');
    await first.closed();
    await eventually('the place is free', async () => (await bench.exchange(GET)).includes('200 OK'));
  });
}

test('metrics count requests by resource and class, and unknown routes under one label', async (t) => {
  const bench = await startBench(t, { resources: { app: { routes: [{ path: '/app' }] } } });
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  for (const path of ['/app', '/no', '/never']) {
    await bench.exchange(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  }
  const text = await bench.registry.metrics();
  assert.match(text, /^reveille_requests_total\{resource="app",code="2xx"\} 1$/m);
  assert.match(text, /^reveille_requests_total\{resource="",code="4xx"\} 2$/m);
  assert.match(text, /^reveille_request_duration_seconds_count\{resource="app"\} 1$/m);
  assert.match(text, /^reveille_held_requests 0$/m);
});
