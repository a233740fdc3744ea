import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, GET, left, OK, type Peer, startBench, startInstance, until } from '../kit/http-bench.js';

/** Sends part of an answer, and then resets the connection once the client has seen it. */
async function cutShort(t: Parameters<typeof startBench>[0], head: string, end: (peer: Peer) => void) {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering(head));
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.sees('some');
  end(await instance.peer(0));
  await client.closed();
  return { client, bench };
}

test('an instance that dies within a body of known length cuts the client off', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome';
  const { client, bench } = await cutShort(t, head, (peer) => peer.socket.resetAndDestroy());
  assert.match(client.text, /Content-Length: 100\r\n[\s\S]*\r\n\r\nsome$/);
  assert.equal(bench.gate.open, 0);
});

test('an instance that dies within chunks leaves the client without a last chunk', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n';
  const { client } = await cutShort(t, head, (peer) => peer.socket.end());
  assert.doesNotMatch(client.text, /\r\n0\r\n/);
});

test('a reset within a body that only the end delimits is no end', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsome';
  const { client } = await cutShort(t, head, (peer) => peer.socket.resetAndDestroy());
  assert.doesNotMatch(client.text, /\r\n0\r\n/);
});

test('a body that the end of the connection delimits ends cleanly', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, (peer) => {
    peer.socket.on('data', () => peer.socket.end('HTTP/1.1 200 OK\r\n\r\nall'));
  });
  bench.gate.wake('app', instance.port);
  assert.match(await bench.exchange(GET), /\r\n3\r\nall\r\n0\r\n\r\n$/);
});

const INVALID: Record<string, string> = {
  'two framings':
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  'an unknown coding': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk',
  'no HTTP': 'SSH-2.0-OpenSSH_9\r\n',
  'an upgrade that nobody asked for':
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
};
for (const [name, answer] of Object.entries(INVALID)) {
  test(`an answer with ${name} is answered 502`, async (t) => {
    const bench = await startBench(t);
    const instance = await startInstance(t, answering(answer));
    bench.gate.wake('app', instance.port);
    assert.match(await bench.exchange(GET), /^HTTP\/1\.1 502 [\s\S]*UPSTREAM_INVALID/);
    assert.equal(bench.gate.open, 0);
  });
}

test('bytes after an answer never become the answer of the next request', async (t) => {
  const bench = await startBench(t);
  const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';
  let first = true;
  const instance = await startInstance(t, (peer) => {
    peer.socket.on('data', () => {
      peer.send(first ? OK + evil : OK);
      first = false;
    });
  });
  bench.gate.wake('app', instance.port);
  for (let i = 0; i < 3; i++) assert.match(await bench.exchange(GET), /\r\n\r\nok$/);
});

test('trailers of the instance follow the body', async (t) => {
  const bench = await startBench(t);
  const answer =
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nHost: evil\r\n\r\n';
  const instance = await startInstance(t, answering(answer));
  bench.gate.wake('app', instance.port);
  const text = await bench.exchange(GET);
  assert.match(text, /\r\nTrailer: X-Sum\r\n[\s\S]*\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n$/);
});

test('early hints are passed on before the answer', async (t) => {
  const bench = await startBench(t);
  const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n';
  const instance = await startInstance(t, answering(hints + OK));
  bench.gate.wake('app', instance.port);
  const text = await bench.exchange(GET);
  assert.match(text, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 /);
});

test('events reach the client as they come, and its leaving reaches the instance at once', async (t) => {
  const bench = await startBench(t);
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
  const instance = await startInstance(t, answering(head));
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.sees('text/event-stream');
  const peer = await instance.peer(0);
  for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
    peer.send(`9\r\n${event}\r\n`);
    await client.sees(event);
  }
  assert.equal(bench.gate.open, 1);
  client.socket.destroy();
  await left(peer);
  await until(() => bench.gate.open === 0);
});
