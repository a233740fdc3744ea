import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, GET, OK, startBench, startInstance } from '../kit/http-bench.js';

test('a warm request is forwarded byte for byte and its answer comes back', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(
    t,
    answering('HTTP/1.1 200 Fine\r\nX-Mine: 1\r\nContent-Length: 2\r\n\r\nok'),
  );
  bench.gate.wake('app', instance.port);
  const text = await bench.exchange(
    'GET /a//b?c=%2F&d HTTP/1.1\r\nHost: a.example:81\r\nConnection: close\r\n\r\n',
  );
  assert.match(text, /^HTTP\/1\.1 200 Fine\r\nX-Mine: 1\r\n/);
  assert.match(text, /\r\n\r\nok$/);
  assert.match(
    (await instance.peer(0)).text,
    /^GET \/a\/\/b\?c=%2F&d HTTP\/1\.1\r\nhost: a\.example:81\r\n/i,
  );
});

test('a pass is given back when the answer has ended', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  await bench.exchange(GET);
  assert.equal(bench.gate.open, 0);
  assert.equal(bench.gate.entered, 1);
});

test('a request waits while its resource wakes and is answered with where the wait went', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering(OK));
  const answer = bench.exchange('GET /x?secret=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  while (bench.gate.held() === 0) await new Promise(setImmediate);
  bench.gate.wake('app', instance.port, {
    waited: 100,
    steps: [
      { step: 'boot', took: 60 },
      { step: 'health', took: 30 },
    ],
  });
  const text = await answer;
  assert.match(text, /Server-Timing: boot;dur=60, health;dur=30, queue;dur=10, wait;dur=100\r\n/);
  assert.match(bench.gate.reasons[0] ?? '', /^\S+ GET \/x$/);
});

test('connections to the instance are used again', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.sees('\r\n\r\nok');
  client.send(GET);
  await client.closed();
  assert.equal(instance.peers.length, 1);
});
