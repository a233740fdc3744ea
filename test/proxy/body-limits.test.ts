import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  answering,
  GET,
  left,
  OK,
  pump,
  settled,
  startBench,
  startInstance,
  until,
} from '../kit/http-bench.js';

const post = (length: number, path = '/') =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (size: number) => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`;

test('a body of one byte more than allowed is answered 413, wakes nothing, and the next request is served', async (t) => {
  const bench = await startBench(t, { proxy: { limits: { body: '1KiB' } } });
  const client = await bench.client();
  client.send(post(1025));
  await client.sees('413 ');
  await client.sees('REQUEST_BODY_TOO_LARGE');
  assert.deepEqual(bench.gate.reasons, []);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  client.send(`${'x'.repeat(1025)}${post(1024)}${'x'.repeat(1024)}`);
  await client.sees('200 OK');
});

test('a chunked body is answered 413 when it has grown too large, and the instance gets no more of it', async (t) => {
  const bench = await startBench(t, { proxy: { limits: { body: '1KiB' } } });
  const instance = await startInstance(t);
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send(CHUNKED + chunk(1024));
  const peer = await instance.peer(0);
  await peer.sees('x\r\n');
  client.send(chunk(1));
  await client.sees('REQUEST_BODY_TOO_LARGE');
  await left(peer);
  assert.doesNotMatch(peer.text, /\r\n0\r\n\r\n$/);
  await until(() => bench.gate.open === 0);
});

test('any size goes through where no bound is set', async (t) => {
  const bench = await startBench(t);
  const size = 16 * 1024 * 1024;
  const instance = await startInstance(t, () => {}, { keep: false });
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send(post(size));
  pump(client.socket, size);
  await until(() => (instance.peers[0]?.bytes ?? 0) > size);
});

test('a body that stops coming is answered 408, and others are served meanwhile', async (t) => {
  const bench = await startBench(t, { proxy: { limits: { bodyTimeout: '500ms' } } });
  const instance = await startInstance(t, (peer) => {
    peer.socket.on('data', () => {
      if (peer.text.startsWith('GET')) peer.send(OK);
    });
  });
  bench.gate.wake('app', instance.port);
  const slow = await bench.client();
  slow.send(`${post(10)}some`);
  await (await instance.peer(0)).sees('some');
  assert.match(await bench.exchange(GET), /200 OK/);
  await slow.sees('REQUEST_TIMEOUT');
  assert.match(slow.text, /^HTTP\/1\.1 408 /);
  await slow.closed();
  await until(() => bench.gate.open === 0);
});

test('a body that comes slowly, but comes, is no slow sender', async (t) => {
  const bench = await startBench(t, { proxy: { limits: { bodyTimeout: '3s' } } });
  const instance = await startInstance(t, (peer) => {
    peer.socket.on('data', () => {
      if (peer.text.endsWith('12345')) peer.send(OK);
    });
  });
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send(post(5));
  for (const piece of '12345') {
    await delay(800);
    client.send(piece);
  }
  await client.sees('200 OK');
});

test('a client whose instance does not read is no slow sender', async (t) => {
  const bench = await startBench(t, { proxy: { limits: { bodyTimeout: '300ms' } } });
  const size = 32 * 1024 * 1024;
  const instance = await startInstance(t, (peer) => peer.socket.pause(), { keep: false });
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send(post(size));
  await settled(pump(client.socket, size));
  await delay(1000);
  const peer = await instance.peer(0);
  peer.socket.resume();
  await until(() => peer.bytes > size);
  assert.equal(client.text, '');
});

test('a held body is no slow sender', async (t) => {
  const bench = await startBench(t, { proxy: { limits: { bodyTimeout: '300ms' } } });
  const client = await bench.client();
  client.send(`${post(4)}so`);
  await until(() => bench.gate.held() === 1);
  await delay(1000);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  client.send('me');
  await client.sees('200 OK');
});

test('the rest of a body whose answer is out is waited for no longer than bodyTimeout', async (t) => {
  const bench = await startBench(t, {
    proxy: { limits: { bodyTimeout: '300ms' } },
    resources: { app: { routes: [{ path: '/app' }] } },
  });
  const client = await bench.client();
  client.send(`${post(1_000_000, '/nowhere')}a little`);
  await client.sees('ROUTE_UNKNOWN');
  await client.closed();
});

test('one request more sent ahead than allowed ends the connection, the log names it, and others are served', async (t) => {
  const bench = await startBench(t, { proxy: { limits: { pipelined: 2 } } });
  const ask = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
  const allowed = await bench.client();
  allowed.send(ask.repeat(3));
  const greedy = await bench.client();
  greedy.send(ask.repeat(4));
  await greedy.closed();
  assert.equal(greedy.text, '');
  assert.ok(bench.lines.some(({ code }) => code === 'PIPELINE_FULL'));
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  await until(() => allowed.text.match(/200 OK/g)?.length === 3);
});
