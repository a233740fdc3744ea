import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, startBench, startInstance } from '../kit/http-bench.js';

test('OPTIONS * is answered by the proxy itself', async (t) => {
  const bench = await startBench(t);
  const text = await bench.exchange('OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.match(text, /^HTTP\/1\.1 204 [\s\S]*\r\nAllow: GET, /);
  assert.equal(bench.gate.entered, 0);
});

test('CONNECT is answered 501', async (t) => {
  const bench = await startBench(t);
  const text = await bench.exchange('CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n');
  assert.match(text, /^HTTP\/1\.1 501 [\s\S]*METHOD_UNSUPPORTED/);
});

test('a path that no route takes is answered 404 as problem+json with the request id', async (t) => {
  const bench = await startBench(t, { resources: { app: { routes: [{ path: '/app' }] } } });
  const text = await bench.exchange('GET /other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.match(text, /^HTTP\/1\.1 404 [\s\S]*Content-Type: application\/problem\+json\r\n/);
  const id = /X-Request-Id: (\S+)/.exec(text)?.[1];
  assert.equal(JSON.parse(text.slice(text.indexOf('{'))).requestId, id);
  assert.match(text, /Cache-Control: no-store\r\n/);
});

test('HEAD, 204 and 304 have no body, whatever length they name', async (t) => {
  const bench = await startBench(t);
  const answers = ['200 OK\r\nContent-Length: 9', '204 No Content', '304 Not Modified\r\nContent-Length: 9'];
  const instance = await startInstance(t, (peer) => {
    peer.socket.on('data', () => peer.send(`HTTP/1.1 ${answers.shift()}\r\n\r\n`));
  });
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  for (const method of ['HEAD', 'GET', 'GET']) {
    const before = client.text.length;
    client.send(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
    while (!client.text.slice(before).includes('\r\n\r\n')) await new Promise(setImmediate);
  }
  assert.equal(client.text.match(/\r\n\r\n/g)?.length, 3);
  assert.equal(client.text.match(/Content-Length: 9\r\n/g)?.length, 2);
  assert.doesNotMatch(client.text, /Transfer-Encoding/);
});

test('an HTTP/1.0 client gets a body without chunks, ended by the connection', async (t) => {
  const bench = await startBench(t);
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n';
  const instance = await startInstance(t, answering(chunked));
  bench.gate.wake('app', instance.port);
  const text = await bench.exchange('GET / HTTP/1.0\r\n\r\n');
  assert.match(text, /\r\n\r\nok$/);
  assert.doesNotMatch(text, /Transfer-Encoding/i);
});
