import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, OK, startBench, startInstance } from '../kit/http-bench.js';

const SPOOFED =
  'X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX_Forwarded_For: 6.6.6.6\r\n' +
  'X-Forwarded-User: root\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX-Request-Id: theirs\r\n';

async function forwardedBy(t: Parameters<typeof startBench>[0], fields: string, proxy = {}): Promise<string> {
  const bench = await startBench(t, { proxy });
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  await bench.exchange(`GET / HTTP/1.1\r\nHost: a.example:81\r\nConnection: close\r\n${fields}\r\n`);
  return (await instance.peer(0)).text;
}

test('what an untrusted client says of where it comes from is replaced', async (t) => {
  const text = await forwardedBy(t, SPOOFED);
  assert.doesNotMatch(text, /6\.6\.6\.6|evil|root|theirs/);
  assert.match(text, /\r\nX-Forwarded-For: 127\.0\.0\.1\r\n/);
  assert.match(text, /\r\nX-Forwarded-Proto: http\r\n/);
  assert.match(text, /\r\nX-Forwarded-Host: a\.example:81\r\n/);
  assert.match(text, /\r\nX-Forwarded-Port: 81\r\n/);
  assert.match(text, /\r\nForwarded: for=127\.0\.0\.1;host="a\.example:81";proto=http\r\n/);
});

test("the dashboard's session, a cookie of the same host name, is forwarded to nobody; other cookies are", async (t) => {
  const session = 'reveille_session=1.2.3';
  const text = await forwardedBy(t, `Cookie: a=1; ${session}; b=2\r\nCOOKIE: ${session}\r\n`);
  assert.doesNotMatch(text, /reveille_session/);
  assert.match(text, /\r\nCookie: a=1; b=2\r\n/);
  assert.doesNotMatch(text, /COOKIE/);
});

test('what a trusted peer says is kept and extended', async (t) => {
  const text = await forwardedBy(t, SPOOFED, { trusted: ['127.0.0.0/8'] });
  assert.match(text, /\r\nX-Forwarded-For: 6\.6\.6\.6, 127\.0\.0\.1\r\n/);
  assert.match(text, /\r\nX-Forwarded-Proto: https\r\n/);
  assert.match(text, /\r\nX-Forwarded-User: root\r\n/);
  assert.match(text, /\r\nForwarded: for=6\.6\.6\.6, for=127\.0\.0\.1;/);
  assert.match(text, /\r\nX-Request-Id: theirs\r\n/);
});

test('fields of one connection and those that Connection nominates stay behind, both ways', async (t) => {
  const bench = await startBench(t);
  const answer =
    'HTTP/1.1 200 OK\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=9\r\nProxy-Authenticate: x\r\n' +
    'Content-Length: 2\r\n\r\nok';
  const instance = await startInstance(t, answering(answer));
  bench.gate.wake('app', instance.port);
  const text = await bench.exchange(
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Mine, Host, X-Forwarded-For\r\nX-Mine: 1\r\nTE: trailers\r\n' +
      'Proxy-Connection: x\r\nKeep-Alive: 1\r\nProxy-Authorization: x\r\nX-Kept: 1\r\n\r\n',
  );
  assert.doesNotMatch(text, /X-Hop|timeout=9|Proxy-Authenticate/);
  const sent = (await instance.peer(0)).text;
  assert.doesNotMatch(sent, /X-Mine|TE:|Proxy-|Keep-Alive: 1/);
  assert.match(sent, /\r\nhost: a\r\n[\s\S]*X-Kept: 1\r\n[\s\S]*X-Forwarded-For: 127/i);
});

test('fields keep their case, order and number, and Via is added both ways', async (t) => {
  const bench = await startBench(t);
  const answer =
    'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nx-odd-CASE: \xe9\r\nSet-Cookie: b=2\r\nDate: then\r\nContent-Length: 0\r\n\r\n';
  const instance = await startInstance(t, answering(answer));
  bench.gate.wake('app', instance.port);
  const text = await bench.exchange(
    'GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nx-TWO: \xe9\r\nX-One: 2\r\nConnection: close\r\n\r\n',
  );
  assert.match(text, /Set-Cookie: a=1\r\nx-odd-CASE: \xe9\r\nSet-Cookie: b=2\r\nDate: then\r\n/);
  assert.match(text, /\r\nVia: 1\.1 reveille\r\n/);
  const sent = (await instance.peer(0)).text;
  assert.match(sent, /X-One: 1\r\nx-TWO: \xe9\r\nX-One: 2\r\n/);
  assert.match(sent, /\r\nVia: 1\.1 reveille\r\n/);
});

test('the Host field is set where the resource says so', async (t) => {
  const resources = { app: { hostHeader: 'inner.example', routes: [{ path: '/' }] } };
  const bench = await startBench(t, { resources });
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  await bench.exchange('GET / HTTP/1.1\r\nHost: outer.example\r\nConnection: close\r\n\r\n');
  const sent = (await instance.peer(0)).text;
  assert.match(sent, /\r\nhost: inner\.example\r\n/i);
  assert.match(sent, /\r\nX-Forwarded-Host: outer\.example\r\n/);
});

test('a request id is in the request, the log line and the wake reason', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering(OK));
  const answer = bench.exchange('GET /p?q HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  while (bench.gate.held() === 0) await new Promise(setImmediate);
  bench.gate.wake('app', instance.port);
  await answer;
  const id = /X-Request-Id: (\S+)/.exec((await instance.peer(0)).text)?.[1];
  assert.equal(bench.gate.reasons[0], `${id} GET /p`);
  const line = bench.lines.find((one) => one.msg === 'request');
  assert.equal(line?.req, id);
  assert.equal(line?.path, '/p');
  assert.equal(line?.resource, 'app');
});
