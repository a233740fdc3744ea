import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, OK, startBench, startInstance, until } from '../kit/http-bench.js';

const preview = {
  pool: { key: ['{pr}'] },
  routes: [{ host: '{pr}.preview.example' }, { path: '/pr-{pr}/app', strip: true }],
};
const notebook = { pool: { key: ['{user}', '{kind}'] }, routes: [{ path: '/user/{user}/{kind}' }] };
const plain = { routes: [{ path: '/user/root/lab' }, { host: 'www.preview.example' }] };
const resources = { preview, notebook, plain };

const get = (target: string, host = 'x') =>
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

for (const [name, target, host, params] of [
  ['a host', '/any', '42.preview.example:8080', { pr: '42' }],
  ['a host in capitals with a trailing dot', '/', 'ABC.Preview.Example.', { pr: 'abc' }],
  ['a part of a path segment', '/pr-42/app/x?y', 'x', { pr: '42' }],
  ['several segments', '/user/Bob/lab/tree', 'x', { user: 'Bob', kind: 'lab' }],
] as const) {
  test(`${name} is captured and leads to a member of its own`, async (t) => {
    const bench = await startBench(t, { resources });
    (await bench.client()).send(get(target, host));
    await until(() => bench.gate.asked.length === 1);
    assert.deepEqual(bench.gate.asked[0]?.params, params);
    assert.match(bench.gate.asked[0]?.resource ?? '', /^(preview|notebook)--/);
  });
}

test('what is written out comes before what captures, and a path ends at a segment', async (t) => {
  const bench = await startBench(t, { resources });
  (await bench.client()).send(get('/user/root/lab/x'));
  (await bench.client()).send(get('/', 'www.preview.example'));
  await until(() => bench.gate.asked.length === 2);
  assert.deepEqual(new Set(bench.gate.asked.map(({ resource }) => resource)), new Set(['plain']));
  for (const [target, host] of [
    ['/user/bob', 'x'],
    ['/pr-/app', 'x'],
    ['/pr-4/apple', 'x'],
    ['/', 'a.b.preview.example'],
    ['/', '.preview.example'],
  ] as const)
    assert.match(await bench.exchange(get(target, host)), /^HTTP\/1.1 40[04] /, `${host}${target}`);
  assert.equal(bench.gate.asked.length, 2);
});

test('a stripped prefix is what the client wrote, with the capture', async (t) => {
  const bench = await startBench(t, { resources });
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('preview--42', instance.port);
  await bench.exchange(get('/pr-42/app/tree?q=/pr-42'));
  const [seen] = instance.peers.map(({ text }) => text);
  assert.match(seen ?? '', /^GET \/tree\?q=\/pr-42 HTTP/);
  assert.match(seen ?? '', /X-Forwarded-Prefix: \/pr-42\/app\r\n/i);
});

for (const value of [
  '..',
  '.',
  ';',
  'a;b',
  'a..;',
  '%2e%2e',
  '%41',
  'a%00',
  '-',
  'x'.repeat(300),
  '$(id)',
  '{pr}',
  '~',
  'a|b',
]) {
  test(`a capture ${value.slice(0, 10)} is refused by name and wakes nothing`, async (t) => {
    const bench = await startBench(t, { resources });
    const answer = await bench.exchange(get(`/user/${value}/lab`));
    assert.match(answer, /^HTTP\/1.1 40[04] /);
    assert.match(answer, /"code":"(CAPTURE_REFUSED|REQUEST_INVALID|ROUTE_UNKNOWN)"/);
    assert.deepEqual(bench.gate.asked, []);
  });
}

test('a path that another server could read as somebody else’s is refused', async (t) => {
  const bench = await startBench(t, { resources });
  for (const path of [
    '/user/bob/lab/../../eve/lab',
    '/user/bob/..;/eve/lab',
    '/user//eve/lab',
    '/user/b%6fb/lab',
  ]) {
    assert.match(await bench.exchange(get(path)), /^HTTP\/1.1 400 /, path);
  }
  assert.deepEqual(bench.gate.asked, []);
});

test('what allow lets through is a slug with a hash, 300 characters too, and reaches the member whole', async (t) => {
  const pool = { key: ['{user}'], allow: '[^/]+' };
  const open = { app: { pool, routes: [{ path: '/u/{user}' }] } };
  const bench = await startBench(t, { resources: open });
  const values = ['a;b', 'a&b', 'A-b', 'a-b', 'x'.repeat(300), `${'x'.repeat(299)}y`];
  for (const value of values) (await bench.client()).send(get(`/u/${value}`));
  await until(() => bench.gate.asked.length === values.length);
  const { asked } = bench.gate;
  assert.deepEqual(new Set(asked.map(({ params }) => params?.user)), new Set(values));
  assert.equal(new Set(asked.map(({ resource }) => resource)).size, values.length);
  for (const { resource } of asked) assert.match(resource, /^app--[a-z0-9-]{1,58}$/);
});

test('metrics name the pool, never a member: clients choose those', async (t) => {
  const bench = await startBench(t, { resources });
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('preview--42', instance.port);
  await bench.exchange(get('/', '42.preview.example'));
  const metrics = await bench.registry.metrics();
  assert.match(metrics, /reveille_requests_total\{resource="preview",code="2xx"\} 1/);
  assert.doesNotMatch(metrics, /preview--/);
});

test('an upgrade finds its member, too', async (t) => {
  const bench = await startBench(t, { resources });
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  (await bench.client()).send(`GET /user/bob/lab HTTP/1.1\r\nHost: x\r\n${upgrade}`);
  await until(() => bench.gate.asked.length === 1);
  assert.deepEqual(bench.gate.asked[0]?.params, { user: 'bob', kind: 'lab' });
});
