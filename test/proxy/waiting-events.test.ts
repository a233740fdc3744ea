import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReveilleError } from '../../errors/index.js';
import { type Bench, left, type Peer, startBench, until } from '../kit/http-bench.js';

const ask = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

/** All views that a page was told. */
function views(page: Peer): Record<string, unknown>[] {
  return [...page.text.matchAll(/data: (.*)\n/g)].map(([, text = '']) => JSON.parse(text));
}

async function listen(bench: Bench, path = '/.reveille/wait/app', more = ''): Promise<Peer> {
  const page = await bench.client();
  page.send(ask(path, more));
  await page.sees('data: ');
  return page;
}

test('a waiting page hears of each step, and of its end, without entering the resource', async (t) => {
  const bench = await startBench(t);
  bench.gate.states.set('app', { phase: 'booting', waitedMs: 0 });
  const page = await listen(bench);
  assert.match(page.text, /^HTTP\/1\.1 200 [\s\S]*Content-Type: text\/event-stream\r\n/);
  bench.gate.states.set('app', { phase: 'checking', waitedMs: 0 });
  await page.sees('not healthy yet');
  bench.gate.states.set('app', { phase: 'ready' });
  await page.sees('"state":"ready"');
  assert.deepEqual([bench.gate.entered, bench.gate.held(), bench.gate.asked.length], [0, 0, 0]);
});

test('a failure reaches the page with its reason, and its log only where the log is shown', async (t) => {
  for (const logs of [false, true]) {
    const resources = { app: { expose: { logs }, routes: [{ path: '/' }] } };
    const bench = await startBench(t, { proxy: { listen: '0.0.0.0:8080' }, resources });
    const failure = new ReveilleError('BOOT_FAILED', 'It fell.', { log: 'secret', retryInMs: 4000 });
    bench.gate.states.set('app', { phase: 'failed', failure });
    const [view] = views(await listen(bench));
    assert.deepEqual([view?.state, view?.detail, view?.log], ['failed', 'It fell.', logs ? 'secret' : '']);
    assert.match(String(view?.timing), /again in 4 s/);
  }
});

test('who may not use a resource hears nothing of it', async (t) => {
  const resources = { app: { access: { addresses: ['10.0.0.0/8'] }, routes: [{ path: '/' }] } };
  const bench = await startBench(t, { resources });
  assert.match(await bench.exchange(ask('/.reveille/wait/app', 'Connection: close\r\n')), /^HTTP\/1\.1 403 /);
});

test('a resource that nobody wakes is told as asleep, and stays so', async (t) => {
  const bench = await startBench(t);
  const [view] = views(await listen(bench));
  assert.equal(view?.state, 'asleep');
  assert.equal(bench.gate.asked.length, 0);
});

test('the events stand below the prefix of their route, also where it captures', async (t) => {
  const resources = {
    wiki: { routes: [{ path: '/wiki' }] },
    home: { routes: [{ path: '/user/{user}/home' }] },
  };
  const bench = await startBench(t, { resources });
  for (const [path, name] of [
    ['/wiki', 'wiki'],
    ['/user/ann/home', 'home'],
  ]) {
    const [view] = views(await listen(bench, `${path}/.reveille/wait/${name}`));
    assert.equal(view?.heading, `${name} is asleep`);
  }
});

test('such a path of another name, place or method belongs to the application', async (t) => {
  const bench = await startBench(t);
  for (const line of [
    'GET /.reveille/wait/other',
    'GET /x/.reveille/wait/app',
    'GET /.reveille/wait/app/x',
    'POST /.reveille/wait/app',
  ]) {
    const held = bench.gate.held();
    const client = await bench.client();
    client.send(`${line} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await until(() => bench.gate.held() === held + 1);
  }
});

test('a page names its events relative to itself, so that a prefix taken away before is none of its business', async (t) => {
  const resources = {
    wiki: { routes: [{ path: '/wiki' }] },
    root: { routes: [{ path: '/' }] },
  };
  const bench = await startBench(t, { proxy: { waiting: { after: 0 } }, resources });
  const more = 'Sec-Fetch-Mode: navigate\r\nConnection: close\r\n';
  for (const [target, events] of [
    ['/wiki', '/wiki/.reveille/wait/wiki'],
    ['/wiki/', '/wiki/.reveille/wait/wiki'],
    ['/wiki/a/b?c=/d', '/wiki/.reveille/wait/wiki'],
    ['/', '/.reveille/wait/root'],
    ['/a/b/', '/.reveille/wait/root'],
  ] as const) {
    const text = await bench.exchange(ask(target, `Accept: text/html\r\n${more}`));
    const relative = /data-events="([^"]*)"/.exec(text)?.[1] ?? '';
    assert.equal(new URL(relative, `http://a${target}`).pathname, events, `${target}: ${relative}`);
  }
});

test('more pages than proxy.waiting.pages are refused, and one that leaves makes room', async (t) => {
  const bench = await startBench(t, { proxy: { waiting: { pages: 1 } } });
  const first = await listen(bench);
  const refused = await bench.exchange(ask('/.reveille/wait/app', 'Connection: close\r\n'));
  assert.match(refused, /^HTTP\/1\.1 503 [\s\S]*proxy\.waiting\.pages/);
  first.socket.destroy();
  await until(() => bench.door.running() === 0);
  await listen(bench);
});

test('pages do not keep a proxy from ending', async (t) => {
  const bench = await startBench(t);
  const page = await listen(bench);
  const closed = bench.door.close(600_000);
  await left(page);
  await closed;
});
