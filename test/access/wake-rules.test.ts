import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { globOf } from '../../proxy/access/request-pattern.js';
import { ask } from '../kit/access-bench.js';
import { answering, type Bench, configOf, OK, startBench, startInstance, until } from '../kit/http-bench.js';

const LOCAL = { headers: { trusted: ['127.0.0.1'] } };

/** `app` at /, asleep. */
function asleep(
  t: TestContext,
  app: Record<string, unknown>,
  proxy: Record<string, unknown> = {},
): Promise<Bench> {
  return startBench(t, { proxy, resources: { app: { routes: [{ path: '/' }], ...app } } });
}

/** The request wakes: it is held, and answered when the instance is there. */
async function wakes(t: TestContext, bench: Bench, target: string, ...fields: string[]): Promise<void> {
  const before = bench.gate.reasons.length;
  const answer = ask(bench, target, ...fields);
  await until(() => bench.gate.held() === 1);
  assert.equal(bench.gate.reasons.length, before + 1);
  bench.gate.wake('app', (await startInstance(t, answering(OK))).port);
  assert.equal((await answer).status, 200);
  bench.gate.sleep('app');
}

test('a pattern is the whole text, with * for anything', () => {
  const cases: [string, string, boolean][] = [
    ['/healthz', '/healthz', true],
    ['/healthz', '/healthz/', false],
    ['/api/*', '/api/x/y', true],
    ['/api/*', '/api', false],
    ['*bot*', 'googlebot/2.1', true],
    ['*bot*', 'bot', true],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'aXcbc', true],
    ['a*b*c', 'acb', false],
    ['a*a', 'a', false],
    ['*', '', true],
    ['a.c', 'abc', false],
  ];
  for (const [pattern, text, fits] of cases) assert.equal(globOf(pattern)(text), fits, `${pattern} ${text}`);
});

test('requests that fit an `asleep` entry are answered by the proxy, and wake nothing', async (t) => {
  const bench = await asleep(t, {
    asleep: [
      { path: '/healthz', body: '{"ok":true}', type: 'application/json' },
      { header: { 'User-Agent': '*bot*' }, status: 503, body: 'come back later' },
      { path: '/ping', status: 204, body: 'none' },
    ],
  });
  const health = await ask(bench, '/healthz?x');
  assert.match(
    health.text,
    /^HTTP\/1\.1 200 .*\r\nContent-Type: application\/json\r\nContent-Length: 11\r\n.*\{"ok":true\}$/s,
  );
  assert.match(
    (await ask(bench, '/x', 'User-Agent: GoogleBot/2.1')).text,
    /^HTTP\/1\.1 503 .*come back later$/s,
  );
  assert.match(
    (await ask(bench, '/ping')).text,
    /^HTTP\/1\.1 204 No Content\r\n(?!.*content-length).*\r\n\r\n$/is,
  );
  assert.equal(
    (await ask(bench, '/', 'User-Agent: bot', 'Upgrade: websocket', 'Connection: Upgrade')).status,
    503,
  );
  assert.deepEqual(bench.gate.reasons, []);
  await wakes(t, bench, '/healthz/deep', 'User-Agent: curl');
});

test('while it is awake, its own answer goes out', async (t) => {
  const bench = await asleep(t, { asleep: [{ path: '/healthz', status: 503 }] });
  bench.gate.wake('app', (await startInstance(t, answering(OK))).port);
  assert.equal((await ask(bench, '/healthz')).status, 200);
});

test('an answer of a sleeping resource is given while it boots, and not where another proxy holds it ready', async (t) => {
  const bench = await asleep(t, { asleep: [{ path: '/healthz', status: 418 }] });
  bench.gate.states.set('app', { phase: 'booting' });
  assert.equal((await ask(bench, '/healthz')).status, 418);
  bench.gate.states.set('app', { phase: 'ready' });
  await wakes(t, bench, '/healthz');
});

test('only what is allowed and not denied wakes; the rest is told so', async (t) => {
  const bench = await asleep(t, {
    wake: {
      allow: [{ methods: ['GET'] }, { addresses: ['192.0.2.1'] }],
      deny: [{ path: '/admin/*' }, { header: { Purpose: 'prefetch' } }],
    },
  });
  await wakes(t, bench, '/x');
  for (const [target, ...fields] of [['/admin/x'], ['/x', 'Purpose: Prefetch']] as [string, ...string[]][]) {
    const { status, code } = await ask(bench, target, ...fields);
    assert.deepEqual([status, code], [403, 'WAKE_DENIED']);
  }
  const post = await bench.exchange(
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
  );
  assert.match(post, /WAKE_DENIED/);
});

test('a field that is sent twice is denied for either, and allowed for both only', async (t) => {
  const twice = ['Purpose: x', 'Purpose: prefetch'];
  const denying = await asleep(t, { wake: { deny: [{ header: { Purpose: 'prefetch' } }] } });
  assert.equal((await ask(denying, '/', ...twice)).code, 'WAKE_DENIED');
  const allowing = await asleep(t, { wake: { allow: [{ header: { Purpose: 'prefetch' } }] } });
  assert.equal((await ask(allowing, '/', ...twice)).code, 'WAKE_DENIED');
});

test('a denied path is denied with a slash at its end, too', async (t) => {
  const bench = await asleep(t, { wake: { deny: [{ path: '/metrics' }] } });
  for (const target of ['/metrics', '/metrics/', '/metrics//', '/Metrics;x/', '/x/../metrics/?q']) {
    assert.equal((await ask(bench, target)).code, 'WAKE_DENIED', target);
  }
  assert.deepEqual(bench.gate.reasons, []);
});

test('a denied path is denied in every spelling, and an allowed one is not allowed in a doubtful one', async (t) => {
  const denying = await asleep(t, { wake: { deny: [{ path: '/admin/*' }] } });
  const tricks = ['/x/../admin/y', '/%61dmin/y', '//admin/y', '/admin;x=1/y', '/ADMIN/y', '/x/..;/admin/y'];
  tricks.push('/admin%2fy', '/x/%2e%2e/admin/y', '/admin\\y', '/./admin/y', '/admin%3bx/y');
  for (const target of tricks) assert.equal((await ask(denying, target)).code, 'WAKE_DENIED', target);
  const allowing = await asleep(t, { wake: { allow: [{ path: '/public/*' }] } });
  const doubtful = [
    '/public/../admin',
    '/public/%2e%2e/admin',
    '/public/..;/admin',
    '/PUBLIC/x',
    '/public%2fx',
  ];
  doubtful.push('/public;/../x', '/public/..%2fadmin', '/public\\x');
  for (const target of doubtful) assert.equal((await ask(allowing, target)).code, 'WAKE_DENIED', target);
  assert.deepEqual([...denying.gate.reasons, ...allowing.gate.reasons], []);
});

test('who may use it and may not wake it gets in while it is awake, and may wait with those who woke it', async (t) => {
  const app = { access: 'signed-in', wake: { by: { groups: ['staff'] } } };
  const bench = await asleep(t, app, { identity: LOCAL });
  const guest = ['X-Forwarded-User: bob'];
  const { status, code, text } = await ask(bench, '/', ...guest);
  assert.deepEqual([status, code], [403, 'WAKE_DENIED']);
  assert.match(text, /bob may not/);
  assert.deepEqual(bench.gate.reasons, []);
  bench.gate.states.set('app', { phase: 'booting' });
  await wakes(t, bench, '/', ...guest);
  bench.gate.states.clear();
  bench.gate.wake('app', (await startInstance(t, answering(OK))).port);
  assert.equal((await ask(bench, '/', ...guest)).status, 200);
  bench.gate.sleep('app');
  await wakes(t, bench, '/', 'X-Forwarded-User: alice', 'X-Forwarded-Groups: staff');
});

test('a page that all may see wakes for the signed-in only: the others are asked who they are', async (t) => {
  const bench = await asleep(t, { wake: { by: 'signed-in' } }, { identity: LOCAL });
  const { status, code } = await ask(bench, '/');
  assert.deepEqual([status, code], [401, 'IDENTITY_REQUIRED']);
});

/** Sends a request that wakes, and says what became of it: held ones are let go. */
async function tryWake(bench: Bench, port: number, ...fields: string[]) {
  const before = bench.gate.reasons.length;
  let refused = false;
  const answer = ask(bench, '/', ...fields).finally(() => {
    refused = true;
  });
  await until(() => refused || bench.gate.reasons.length > before);
  if (refused) return await answer;
  bench.gate.wake('app', port);
  bench.gate.sleep('app');
  return await answer;
}

test('one wake too many by a visitor is 429 with Retry-After, and others are unharmed', async (t) => {
  const proxy = { identity: LOCAL, trusted: ['127.0.0.1'], wakes: { perVisitor: 2, every: '1h' } };
  const bench = await asleep(t, {}, proxy);
  const { port } = await startInstance(t, answering(OK));
  const visitors = [
    ['X-Forwarded-User: alice'],
    ['X-Forwarded-User: bob'],
    ['X-Forwarded-For: 198.51.100.1'],
    ['X-Forwarded-For: 198.51.100.2'],
    ['X-Forwarded-For: 2001:db8:1:2::1'],
  ];
  for (const fields of visitors) {
    for (let i = 0; i < 2; i++) assert.equal((await tryWake(bench, port, ...fields)).status, 200);
    const { status, code, text } = await tryWake(bench, port, ...fields);
    assert.deepEqual([status, code], [429, 'WAKE_LIMITED']);
    assert.match(text, /\r\nRetry-After: 1(79\d|800)\r\n/);
  }
  // The same customer's network, whatever the rest of the address.
  assert.equal((await tryWake(bench, port, 'X-Forwarded-For: 2001:db8:1:2:ffff::9')).status, 429);
  assert.equal((await tryWake(bench, port, 'X-Forwarded-For: 2001:db8:1:3::1')).status, 200);
});

test('one wake too many of a resource is 429, whoever asks', async (t) => {
  const bench = await asleep(t, { wake: { limit: { count: 2, every: '1h' } } }, { trusted: ['127.0.0.1'] });
  const { port } = await startInstance(t, answering(OK));
  for (const last of [1, 2]) {
    assert.equal((await tryWake(bench, port, `X-Forwarded-For: 198.51.100.${last}`)).status, 200);
  }
  const { code, text } = await tryWake(bench, port, 'X-Forwarded-For: 198.51.100.3');
  assert.equal(code, 'WAKE_LIMITED');
  assert.match(text, /wake\.limit/);
});

test('who joins a wake under way, or comes to what is awake, is not counted', async (t) => {
  const bench = await asleep(t, { wake: { limit: { count: 1, every: '1h' } } });
  const { port } = await startInstance(t, answering(OK));
  const first = ask(bench, '/');
  await until(() => bench.gate.held() === 1);
  bench.gate.states.set('app', { phase: 'booting' });
  const joined = Array.from({ length: 10 }, () => ask(bench, '/'));
  await until(() => bench.gate.held() === 11);
  bench.gate.wake('app', port);
  for (const answer of await Promise.all([first, ...joined])) assert.equal(answer.status, 200);
  assert.equal((await ask(bench, '/')).status, 200);
  bench.gate.states.clear();
  bench.gate.sleep('app');
  assert.equal((await ask(bench, '/')).code, 'WAKE_LIMITED');
});

test('counts of wakes outlast a reload', async (t) => {
  const app = { routes: [{ path: '/' }], wake: { limit: { count: 1, every: '1h' } } };
  const bench = await asleep(t, app);
  const { port } = await startInstance(t, answering(OK));
  assert.equal((await tryWake(bench, port)).status, 200);
  bench.door.reload(configOf({ resources: { app } }));
  assert.equal((await tryWake(bench, port)).code, 'WAKE_LIMITED');
});
