import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ReveilleError } from '../../errors/index.js';
import { answering, OK, startBench, startInstance, until } from '../kit/http-bench.js';

/** The page is shown at once: no test waits for a second. */
const PROMPT = { proxy: { waiting: { after: '50ms' } } };
const NAVIGATE =
  'GET /x HTTP/1.1\r\nHost: a\r\nSec-Fetch-Mode: navigate\r\nAccept: text/html\r\nConnection: close\r\n\r\n';

test('a browser that navigates is shown a page that goes on, and the wake goes on', async (t) => {
  const bench = await startBench(t, PROMPT);
  bench.gate.states.set('app', {
    phase: 'booting',
    progress: { since: Date.now() - 7000, steps: [{ step: 'image', took: 1500 }] },
    waitedMs: 1000,
    usual: { totalMs: 20_000, steps: ['image', 'boot', 'health'] },
  });
  const text = await bench.exchange(NAVIGATE);
  assert.match(text, /^HTTP\/1\.1 503 [\s\S]*Cache-Control: no-store\r\n[\s\S]*Retry-After: 2\r\n/);
  assert.match(text, /<noscript><meta http-equiv="refresh" content="2;url=\.\/x"><\/noscript>/);
  assert.match(text, /app is booting[\s\S]*For \d+ s now\. It usually takes 20 s: about \d+ s to go\./);
  assert.match(text, /<li data-state="done">Get its images: 1\.5 s<\/li><li data-state="now" /);
  assert.match(text, /<progress [^>]* value="\d+">/);
  assert.equal(bench.gate.held(), 1);
});

test('the page fits into 20 KiB, fetches nothing, and lets only its own script and style run', async (t) => {
  const bench = await startBench(t, PROMPT);
  bench.gate.states.set('app', { phase: 'booting', waitedMs: 1000 });
  const text = await bench.exchange(NAVIGATE);
  const [head = '', html = ''] = text.split('\r\n\r\n');
  assert.ok(Buffer.byteLength(text) < 20 * 1024, `${Buffer.byteLength(text)} bytes`);
  assert.doesNotMatch(html, /(?:src|href)="(?!data:)[^"]/);
  const policy = /Content-Security-Policy: (.*)\r\n/.exec(head)?.[1] ?? '';
  for (const tag of ['script', 'style']) {
    const [, body = ''] = new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`).exec(html) ?? [];
    const hash = createHash('sha256').update(body).digest('base64');
    assert.match(policy, new RegExp(`${tag}-src 'sha256-${hash.replace(/[+/]/g, '\\$&')}'`));
  }
  assert.match(policy, /^default-src 'none';/);
  assert.doesNotMatch(policy, /unsafe/);
});

test('a form that was sent is held and never shown a page that would lose it', async (t) => {
  const bench = await startBench(t, PROMPT);
  const form = NAVIGATE.replace('GET', 'POST').replace('\r\n\r\n', '\r\nContent-Length: 2\r\n\r\na=');
  const posted = bench.exchange(form);
  await bench.exchange(NAVIGATE);
  assert.equal(bench.gate.held(), 2);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  assert.match(await posted, /^HTTP\/1\.1 200 /);
  assert.equal(instance.peers.map(({ text }) => text.split('POST').length - 1).join(), '1');
});

test('however often the page reloads, one hold stays for it', async (t) => {
  const bench = await startBench(t, PROMPT);
  await Promise.all([bench.exchange(NAVIGATE), bench.exchange(NAVIGATE), bench.exchange(NAVIGATE)]);
  assert.equal(bench.gate.held(), 1);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  await until(() => bench.gate.open === 0);
  assert.match(await bench.exchange(NAVIGATE), /^HTTP\/1\.1 200 /);
});

test('a script that fetches is held, though its browser accepts HTML elsewhere', async (t) => {
  const bench = await startBench(t, PROMPT);
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
  assert.match(text, /<a class="retry" href=""/);
  assert.doesNotMatch(text, /http-equiv="refresh"|<script/);
});

test('a client that leaves while it is held frees its place', async (t) => {
  const bench = await startBench(t);
  const client = await bench.client();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => bench.gate.held() === 1);
  client.socket.destroy();
  await until(() => bench.gate.held() === 0);
});
