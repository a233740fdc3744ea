import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, OK, startBench, startInstance } from '../kit/http-bench.js';

const get = (path: string, fields = '') =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}Connection: close\r\n\r\n`;
const resources = (more: object = {}) => ({
  app: {
    routes: [{ path: '/' }],
    idle: { ignore: [{ path: '/api/poll*' }, { header: { 'X-Poll': '*' } }] },
    ...more,
  },
});

test('a request that does not count as use is told that its resource is asleep, and wakes nothing', async (t) => {
  const bench = await startBench(t, { resources: resources() });
  for (const request of [get('/api/poll'), get('/api/poll?since=1'), get('/', 'X-Poll: 1\r\n')]) {
    assert.match(await bench.exchange(request), /^HTTP\/1\.1 503 [\s\S]*"code":"ASLEEP"/);
  }
  assert.deepEqual(bench.gate.reasons, []);
});

test('where there is an answer for while it sleeps, such a request gets that', async (t) => {
  const bench = await startBench(t, {
    resources: resources({ asleep: [{ path: '/api/poll', body: 'nothing new' }] }),
  });
  assert.match(await bench.exchange(get('/api/poll')), /^HTTP\/1\.1 200 [\s\S]*nothing new$/);
});

test('while it is awake such a request is forwarded and does not count; others do', async (t) => {
  const bench = await startBench(t, { resources: resources() });
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  assert.match(await bench.exchange(get('/api/poll?since=1')), /^HTTP\/1\.1 200 /);
  assert.equal(bench.gate.quiet, 1);
  for (const path of ['/', '/api/other', '/?/api/poll']) await bench.exchange(get(path));
  assert.equal(bench.gate.quiet, 1);
  assert.equal(bench.gate.open, 0);
});

test('an upgrade can be one that does not count', async (t) => {
  const bench = await startBench(t, { resources: resources() });
  const upgrade =
    'GET /api/poll/socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  assert.match(await bench.exchange(upgrade), /^HTTP\/1\.1 503 [\s\S]*"code":"ASLEEP"/);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  assert.match(await bench.exchange(upgrade), /^HTTP\/1\.1 200 /);
  assert.equal(bench.gate.quiet, 1);
});
