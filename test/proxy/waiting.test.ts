import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReveilleError } from '../../errors/index.js';
import { answering, OK, startBench, startInstance, until } from '../kit/http-bench.js';

const NAVIGATE =
  'GET /x HTTP/1.1\r\nHost: a\r\nSec-Fetch-Mode: navigate\r\nAccept: text/html\r\nConnection: close\r\n\r\n';

test('a browser that navigates is shown a page that reloads, and the wake goes on', async (t) => {
  const bench = await startBench(t);
  bench.gate.states.set('app', {
    phase: 'booting',
    progress: { since: Date.now() - 7000, steps: [{ step: 'image', took: 1500 }] },
  });
  const text = await bench.exchange(NAVIGATE);
  assert.match(text, /^HTTP\/1\.1 503 [\s\S]*Cache-Control: no-store\r\n[\s\S]*Retry-After: 1\r\n/);
  assert.match(text, /<meta http-equiv="refresh" content="1">/);
  assert.match(text, /app is booting[\s\S]*image 1\.5 s/);
  assert.equal(bench.gate.held(), 1);
});

test('however often the page reloads, one hold stays for it', async (t) => {
  const bench = await startBench(t);
  await Promise.all([bench.exchange(NAVIGATE), bench.exchange(NAVIGATE), bench.exchange(NAVIGATE)]);
  assert.equal(bench.gate.held(), 1);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  await until(() => bench.gate.open === 0);
  assert.match(await bench.exchange(NAVIGATE), /^HTTP\/1\.1 200 /);
});

test('a script that fetches is held, though its browser accepts HTML elsewhere', async (t) => {
  const bench = await startBench(t);
  const page = bench.exchange(NAVIGATE);
  const fetched = bench.exchange(NAVIGATE.replace('navigate', 'cors'));
  await page;
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  assert.match(await fetched, /^HTTP\/1\.1 200 /);
});

test('a wake that fails is told at once, with Retry-After rounded up and the log on loopback', async (t) => {
  const bench = await startBench(t);
  const answer = bench.exchange('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await until(() => bench.gate.held() === 1);
  bench.gate.fail('app', new ReveilleError('BOOT_FAILED', 'It fell.', { retryInMs: 1200, log: 'oh <no>' }));
  const text = await answer;
  assert.match(text, /^HTTP\/1\.1 503 [\s\S]*Retry-After: 2\r\n/);
  const problem = JSON.parse(text.slice(text.indexOf('{')));
  assert.equal(problem.code, 'BOOT_FAILED');
  assert.equal(problem.log, 'oh <no>');
  assert.equal(problem.retryIn, 1200);
});

test('off loopback the log stays hidden unless the resource exposes it', async (t) => {
  for (const logs of [false, true]) {
    const resources = { app: { expose: { logs }, routes: [{ path: '/' }] } };
    const bench = await startBench(t, { proxy: { listen: '0.0.0.0:8080' }, resources });
    const answer = bench.exchange('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await until(() => bench.gate.held() === 1);
    bench.gate.fail('app', new ReveilleError('BOOT_FAILED', 'It fell.', { log: 'secret' }));
    assert.equal((await answer).includes('secret'), logs);
  }
});

test('a browser gets the error as a page, with everything escaped', async (t) => {
  const bench = await startBench(t);
  const answer = bench.exchange(NAVIGATE);
  await until(() => bench.gate.held() === 1);
  bench.gate.fail('app', new ReveilleError('BOOT_FAILED', '<b>It fell.', { log: 'oh <no>' }));
  const text = await answer;
  assert.match(text, /Content-Type: text\/html; charset=utf-8\r\n/);
  assert.match(text, /&lt;b&gt;It fell\.[\s\S]*oh &lt;no&gt;/);
});

test('a client that leaves while it is held frees its place', async (t) => {
  const bench = await startBench(t);
  const client = await bench.client();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => bench.gate.held() === 1);
  client.socket.destroy();
  await until(() => bench.gate.held() === 0);
});
