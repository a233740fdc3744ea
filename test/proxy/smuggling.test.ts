import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, OK, startBench, startInstance } from '../kit/http-bench.js';

/** Requests that two servers could read differently: none may reach an instance. */
const REFUSED: Record<string, string> = {
  'CL.TE': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG',
  'TE.CL':
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\nGPOST / HTTP/1.1\r\n\r\n0\r\n\r\n',
  'TE.TE with an unknown one':
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n',
  'TE.TE with chunked twice':
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'gzip, chunked': 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'chunked with a vertical tab':
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n',
  'a space before the colon': 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
  'Transfer-Encoding in HTTP/1.0':
    'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'two lengths': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx',
  'a length with a sign': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx',
  'a list of lengths': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx',
  'a bare CR in a field': 'GET / HTTP/1.1\r\nHost: a\r\nX-A: b\rX-C: d\r\n\r\n',
  'a folded field': 'GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n X-Evil: c\r\n\r\n',
  'a folded Transfer-Encoding':
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n',
  'a bare LF after a field': 'GET / HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n',
  'a bare LF after the request line': 'GET / HTTP/1.1\nHost: a\r\n\r\n',
  'a bare LF before the body': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\nx',
  'a NUL in a field': 'GET / HTTP/1.1\r\nHost: a\r\nX-A: b\0c\r\n\r\n',
  'a field without a name': 'GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n',
  'a space in the target': 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n',
  'no Host': 'GET / HTTP/1.1\r\nX-A: b\r\n\r\n',
  'two Hosts': 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'a Host with a path': 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n',
  'a Host with user information': 'GET / HTTP/1.1\r\nHost: a@b\r\n\r\n',
  'an empty Host': 'GET / HTTP/1.1\r\nHost: \r\n\r\n',
  'a fragment': 'GET /#x HTTP/1.1\r\nHost: a\r\n\r\n',
  'an https target': 'GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n',
  'HTTP/2 on a plain connection': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
};

for (const [name, bytes] of Object.entries(REFUSED)) {
  test(`${name} is refused with 400 and the connection ends`, async (t) => {
    const bench = await startBench(t);
    const instance = await startInstance(t, answering(OK));
    bench.gate.wake('app', instance.port);
    const text = await bench.exchange(bytes);
    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.match(text, /"code":"REQUEST_INVALID"/);
    assert.equal(text.match(/HTTP\/1\.1 \d/g)?.length, 1);
    assert.equal(instance.peers.length, 0);
    assert.equal(bench.gate.entered, 0);
  });
}

test('nothing is served behind a request that was refused, and nothing of it stays', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  const next = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n';
  for (const bytes of [
    `GET / HTTP/1.1\r\nHost: a/b\r\n\r\n${next}`,
    `GET / HTTP/1.1\r\n\r\n${next}${next}`,
  ]) {
    const text = await bench.exchange(bytes);
    assert.equal(text.match(/HTTP\/1\.1 \d/g)?.length, 1);
    assert.match(text, /^HTTP\/1\.1 400 /);
  }
  assert.equal(bench.gate.entered, 0);
  assert.equal(bench.door.running(), 0);
});

test('bytes after a complete request are a request of their own', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  const text = await bench.exchange(
    'POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  );
  assert.equal(text.match(/HTTP\/1\.1 200 /g)?.length, 2);
  assert.equal(bench.gate.entered, 2);
});

for (const method of ['DELETE', 'OPTIONS']) {
  test(`http-proxy 1720 and 1721: the chunked body of ${method} stays a body, and no request of its own`, async (t) => {
    const bench = await startBench(t);
    const instance = await startInstance(t, answering(OK));
    bench.gate.wake('app', instance.port);
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
    const text = await bench.exchange(
      `${method} / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
    );
    assert.equal(text.match(/HTTP\/1\.1 \d/g)?.length, 1);
    const peer = await instance.peer(0);
    assert.match(peer.text, /\r\ntransfer-encoding: chunked\r\n/i);
    assert.doesNotMatch(peer.text, /content-length/i);
    assert.equal(bench.gate.entered, 1);
  });
}
