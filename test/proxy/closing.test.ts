import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { answering, configOf, dial, GET, OK, startBench, startInstance, until } from '../kit/http-bench.js';

const HOUR_MS = 3_600_000;

test('close lets a running answer end, says Connection: close, and ends idle connections', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t);
  bench.gate.wake('app', instance.port);
  const idle = await bench.client();
  const client = await bench.client();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const peer = await instance.peer(0);
  await peer.sees('\r\n\r\n');
  const closed = bench.door.close(HOUR_MS);
  idle.socket.end();
  await idle.closed();
  peer.send(OK);
  await client.closed();
  assert.match(client.text, /^HTTP\/1\.1 200 [\s\S]*Connection: close\r\n[\s\S]*ok$/);
  await closed;
});

test('close for a successor: a connection that rests may ask once more, and is told that this was the last', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.sees('ok');
  const closed = bench.door.close(HOUR_MS, 'replaced');
  // Whatever is cut off by the close is cut off by now.
  await new Promise(setImmediate);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.closed();
  assert.match(client.text, /ok[\s\S]*HTTP\/1\.1 200 [\s\S]*Connection: close\r\n[\s\S]*ok$/);
  await closed;
});

test('close for a successor: a connection that rests for all of the drain time is cut off', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.sees('ok');
  await bench.door.close(1, 'replaced');
  await client.closed();
});

test('an answer whose head was sent before the close ends its connection too', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nso'));
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.sees('\r\n\r\nso');
  const closed = bench.door.close(HOUR_MS);
  (await instance.peer(0)).send('me');
  await closed;
  await client.closed();
  assert.match(client.text, /\r\n\r\nsome$/);
});

test('when the drain time is over, the held are told and the rest is cut off', async (t) => {
  const bench = await startBench(t, {
    resources: { app: { routes: [{ path: '/app' }] }, other: { routes: [{ path: '/other' }] } },
  });
  const instance = await startInstance(t, answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome'));
  bench.gate.wake('app', instance.port);
  const running = await bench.client();
  running.send('GET /app HTTP/1.1\r\nHost: a\r\n\r\n');
  await running.sees('some');
  const held = bench.exchange('GET /other HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => bench.gate.held() === 1);
  await bench.door.close(1);
  assert.match(await held, /^HTTP\/1\.1 503 [\s\S]*Retry-After: 1\r\n[\s\S]*SHUTTING_DOWN/);
  await running.closed();
  assert.equal(bench.gate.open, 0);
  assert.equal(bench.gate.held(), 0);
});

test('a listening socket that another process holds is used, and still listens after the close', async (t) => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  t.after(() => holder.close());
  const address = holder.address();
  assert.ok(typeof address === 'object' && address !== null);
  const handle: unknown = Reflect.get(holder, '_handle');
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  assert.ok(typeof fd === 'number' && fd >= 0);
  const script = fileURLToPath(new URL('../kit/front-door-child.js', import.meta.url));
  const child = fork(script, { stdio: ['ignore', 'inherit', 'inherit', fd, 'ipc'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'message');
  const options = GET.replace('GET /', 'OPTIONS *');
  // The holder takes connections too, being in this process; the child answers the ones that it gets.
  holder.on('connection', (socket) => socket.destroy());
  let answered = '';
  while (!answered.startsWith('HTTP/1.1 204 ')) {
    const client = await dial(t, address.port);
    client.send(options);
    await client.closed();
    answered = client.text;
  }
  child.send('close');
  await once(child, 'exit');
  const later = await dial(t, address.port);
  await later.closed();
});

test('a port in use is named', async (t) => {
  const bench = await startBench(t);
  const second = await startBench(t);
  await second.door.close(0);
  await assert.rejects(second.door.listen({ host: '127.0.0.1', port: bench.port }), { code: 'PORT_IN_USE' });
});

test('a reload changes routes for requests that come after it', async (t) => {
  const bench = await startBench(t, { resources: { app: { routes: [{ path: '/old' }] } } });
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  bench.door.reload(configOf({ resources: { app: { routes: [{ path: '/new' }] } } }));
  const client = await dial(t, bench.port);
  client.send(GET.replace('/ ', '/new '));
  await client.closed();
  assert.match(client.text, /^HTTP\/1\.1 200 /);
  assert.match(await bench.exchange(GET.replace('/ ', '/old ')), /^HTTP\/1\.1 404 /);
});
