import assert from 'node:assert/strict';
import { test } from 'node:test';
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

const SIZE = 64 * 1024 * 1024;
/** What sockets of both sides and the proxy may hold of a stopped stream; far below SIZE. */
const IN_FLIGHT = 24 * 1024 * 1024;

test('100 Continue is sent only when the request is about to be forwarded', async (t) => {
  const bench = await startBench(t);
  const client = await bench.client();
  client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
  await until(() => bench.gate.held() === 1);
  assert.equal(client.text, '');
  const instance = await startInstance(t, (peer) => {
    peer.socket.on('data', () => {
      if (peer.text.endsWith('body')) peer.send(OK);
    });
  });
  bench.gate.wake('app', instance.port);
  await client.sees('100 Continue\r\n\r\n');
  client.send('body');
  await client.sees('200 OK');
  assert.doesNotMatch((await instance.peer(0)).text, /Expect/i);
});

test('a client that was not told to continue is answered and its connection ends', async (t) => {
  const bench = await startBench(t, { resources: { app: { routes: [{ path: '/app' }] } } });
  const text = await bench.exchange(
    'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n',
  );
  assert.match(text, /^HTTP\/1\.1 404 [\s\S]*Connection: close\r\n/);
});

test('a held body is not read', async (t) => {
  const bench = await startBench(t);
  const client = await bench.client();
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${SIZE}\r\n\r\n`);
  const sent = pump(client.socket, SIZE);
  await until(() => bench.gate.held() === 1);
  const taken = await settled(sent);
  assert.ok(taken < IN_FLIGHT, `${taken} bytes were taken`);
});

test('an answer that comes before the end of the body reaches the client', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, (peer) => {
    peer.socket.once('data', () => peer.send('HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno'));
  });
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nbegin');
  await client.sees('413 Too Much');
  await client.sees('\r\n\r\nno');
  await until(() => bench.gate.open === 0);
});

test('a client that leaves within its body leaves the instance without an end', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t);
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n');
  const peer = await instance.peer(0);
  await peer.sees('begin');
  client.socket.destroy();
  await left(peer);
  assert.doesNotMatch(peer.text, /\r\n0\r\n/);
  await until(() => bench.gate.open === 0);
});

test('malformed chunks within a body are answered 400 and cut the instance off', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t);
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n');
  const peer = await instance.peer(0);
  await peer.sees('begin');
  client.send('zz\r\n');
  await client.sees('400 Bad Request');
  await left(peer);
  assert.doesNotMatch(peer.text, /\r\n0\r\n/);
});

test('a body larger than all buffers flows to a slow instance without being read ahead', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, (peer) => peer.socket.pause(), { keep: false });
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${SIZE}\r\n\r\n`);
  const sent = pump(client.socket, SIZE);
  const peer = await instance.peer(0);
  const taken = await settled(sent);
  assert.ok(taken < IN_FLIGHT, `${taken} bytes were taken`);
  peer.socket.resume();
  await until(() => peer.bytes > SIZE);
  peer.send(OK);
  await client.sees('200 OK');
});

test('an answer larger than all buffers flows to a slow client without being read ahead', async (t) => {
  const bench = await startBench(t);
  let sent = (): number => 0;
  const instance = await startInstance(t, ({ socket }) => {
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`);
      sent = pump(socket, SIZE);
    });
  });
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.socket.pause();
  client.send(GET);
  await until(() => sent() > 0);
  const taken = await settled(sent);
  assert.ok(taken < IN_FLIGHT, `${taken} bytes were taken`);
  assert.equal(bench.gate.open, 1);
  client.socket.resume();
  await client.closed();
  assert.ok(client.bytes > SIZE);
});

test('pipelined requests are answered in order, and the second begins after the first', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t);
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send('POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
  const first = await instance.peer(0);
  await first.sees('POST /1');
  assert.doesNotMatch(first.text, /GET \/2/);
  assert.equal(bench.gate.entered, 1);
  first.send('HTTP/1.1 200 One\r\nContent-Length: 0\r\n\r\n');
  await first.sees('GET /2');
  first.send('HTTP/1.1 200 Two\r\nContent-Length: 0\r\n\r\n');
  await client.sees('200 Two');
  assert.ok(client.text.indexOf('200 One') < client.text.indexOf('200 Two'));
});

test('a thousand pipelined requests on one connection are cut off', async (t) => {
  const bench = await startBench(t);
  const client = await bench.client();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1000));
  await client.closed();
  assert.equal(bench.gate.held(), 0);
});

test('a HEAD, a chunked upload and a plain GET share nothing but the instance', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  bench.gate.wake('app', instance.port);
  await bench.exchange(GET.replace('GET', 'HEAD'));
  await bench.exchange(
    'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  );
  await bench.exchange(GET);
  const all = instance.peers.map((peer) => peer.text).join('');
  assert.match(all, /transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n/);
  assert.equal(all.match(/ HTTP\/1\.1\r\n/g)?.length, 3);
});
