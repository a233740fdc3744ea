import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Router } from '../../proxy/router.js';
import { answering, configOf, OK, startBench, startInstance } from '../kit/http-bench.js';

const config = configOf({
  resources: {
    hello: { routes: [{ path: '/hello' }] },
    deep: { routes: [{ path: '/hello/deep/' }] },
    host: { routes: [{ host: 'App.Example' }] },
    both: { routes: [{ host: 'app.example', path: '/hello' }] },
  },
});
const router = new Router(config, false);
const resourceOf = (authority: string | undefined, target: string): string | undefined => {
  const route = router.match(authority, target);
  return typeof route === 'object' ? route.resource : route;
};

test('a prefix matches on segment boundaries only', () => {
  for (const target of ['/hello', '/hello/', '/hello/x', '/hello?x']) {
    assert.equal(resourceOf('x', target), 'hello');
  }
  for (const target of ['/hellox', '/hell', '/', '/Hello', '/hello.x']) {
    assert.equal(resourceOf('x', target), undefined);
  }
});

test('the longest path wins, and a host with a path comes before a host, before a path', () => {
  assert.equal(resourceOf('x', '/hello/deep'), 'deep');
  assert.equal(resourceOf('x', '/hello/deeper'), 'hello');
  assert.equal(resourceOf('app.example', '/hello/deep'), 'both');
  assert.equal(resourceOf('app.example', '/other'), 'host');
});

test('a host matches whatever its case, port and trailing dot', () => {
  for (const host of ['app.example', 'APP.example:8080', 'app.example.', 'app.example.:80']) {
    assert.equal(resourceOf(host, '/'), 'host');
    assert.equal(resourceOf(host, '/'), 'host');
  }
  assert.equal(resourceOf('app.example.org', '/'), undefined);
  assert.equal(resourceOf(undefined, '/hello'), 'hello');
});

test('a path that could mean another resource is ambiguous', () => {
  const unclear = ['/hello/../other', '/hello/deep/..', '/hello//deep', '/hello/./deep', '/hello%2fdeep'];
  unclear.push('/hello/%64eep', '/%68ello', '/hello/..%2fx', '/hello/%2e%2e/x', '/hello\\deep', '//hello');
  unclear.push('/hello/..;/x', '/hello/deep/%2e./x', '/hello/%2E%2E%5cx');
  for (const target of unclear) assert.equal(resourceOf('x', target), 'ambiguous', target);
});

test('odd paths that mean the same resource in every reading are let through', () => {
  for (const target of ['/hello/a//b', '/hello/a%20b', '/hello/a/../b', '/hello/.well-known', '/hello/%zz']) {
    assert.equal(resourceOf('x', target), 'hello', target);
  }
  assert.equal(resourceOf('x', '/hello?to=/../deep//%2f'), 'hello');
});

test('an ambiguous path is answered 400 and reaches nobody', async (t) => {
  const bench = await startBench(t, { resources: { hello: { routes: [{ path: '/hello' }] } } });
  const text = await bench.exchange('GET /hello/%2e%2e/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.match(text, /^HTTP\/1\.1 400 /);
  assert.equal(bench.gate.entered, 0);
});

test('an encoded CRLF in a path stays encoded', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  await bench.exchange('GET /%0d%0aX-Evil:%201 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.match((await instance.peer(0)).text, /^GET \/%0d%0aX-Evil:%201 HTTP\/1\.1\r\n/);
});

test('a stripped prefix is left out of the path and told in X-Forwarded-Prefix', async (t) => {
  const bench = await startBench(t, { resources: { app: { routes: [{ path: '/pre', strip: true }] } } });
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  for (const target of ['/pre', '/pre?q', '/pre/a%20b?c']) {
    await bench.exchange(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  }
  const { text } = await instance.peer(0);
  assert.deepEqual(text.match(/^GET \S+/gm), ['GET /', 'GET /?q', 'GET /a%20b?c']);
  assert.match(text, /\r\nX-Forwarded-Prefix: \/pre\r\n/);
});

test('an absolute target is forwarded as its path, with its own host', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  await bench.exchange('GET http://b.example:81?q HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.match((await instance.peer(0)).text, /^GET \/\?q HTTP\/1\.1\r\nhost: b\.example:81\r\n/i);
});
