import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { answerOf, ask, headsAt } from '../kit/access-bench.js';
import { answering, type Bench, OK, startBench, startInstance, until } from '../kit/http-bench.js';

const start = (t: TestContext, trusted = ['127.0.0.1']): Promise<Bench> =>
  startBench(t, {
    proxy: { identity: { claimedGroups: { trusted } } },
    resources: {
      lab: { access: { groups: ['g1', 'g2'] } },
      open: { routes: [{ path: '/open' }] },
    },
  });

test('SP1: /smart_proxy/RESOURCE/GROUPS/rest leads to /rest of the resource, with those groups', async (t) => {
  const bench = await start(t);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('lab', instance.port);
  assert.equal((await ask(bench, '/smart_proxy/lab/g1,g2,g3/additional/path?q=%2F')).status, 200);
  const [head = ''] = headsAt(instance);
  assert.match(head, /^GET \/additional\/path\?q=%2F HTTP\/1\.1\r\n/);
  assert.match(head, /X-Forwarded-Groups: g1,g2,g3\r\n/);
  assert.match(head, /X-Forwarded-Prefix: \/smart_proxy\/lab\/g1,g2,g3\r\n/);
  assert.equal((await ask(bench, '/smart_proxy/lab/g2,g1')).status, 200);
  assert.equal((await ask(bench, '/smart_proxy/lab/g1/x')).code, 'ACCESS_DENIED');
});

test('SP1: the legacy URL exists only where the configuration asks for it', async (t) => {
  const bench = await startBench(t, { resources: { lab: { routes: [{ path: '/lab' }] } } });
  assert.equal((await ask(bench, '/smart_proxy/lab/g1/')).code, 'ROUTE_UNKNOWN');
});

test('SPF3: groups in a URL are believed from listed addresses only', async (t) => {
  const bench = await start(t, ['192.0.2.0/24']);
  const { status, code } = await ask(bench, '/smart_proxy/lab/g1,g2/');
  assert.deepEqual([status, code], [403, 'ACCESS_DENIED']);
  assert.deepEqual(bench.gate.reasons, []);
});

test('a resource that is not there, or no groups part, is 404', async (t) => {
  const bench = await start(t);
  for (const target of [
    '/smart_proxy/nobody/g1/',
    '/smart_proxy/lab',
    '/smart_proxy/__proto__/g1/',
    '/smart_proxy//g1',
  ]) {
    assert.ok([404, 400].includes((await ask(bench, target)).status), target);
  }
});

test('a path that could name other groups or another resource is ambiguous', async (t) => {
  const bench = await start(t);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('lab', instance.port);
  const tricks = [
    '/smart_proxy/lab/g1%2cg2/',
    '/smart_proxy/open/x/../../lab/g1,g2/',
    '/open/../smart_proxy/lab/g1,g2/',
  ];
  tricks.push('/smart_proxy/lab/g1/..;/g1,g2/', '/smart_proxy//lab/g1,g2/', '/smart_proxy%2flab/g1,g2/');
  for (const target of tricks) assert.equal((await ask(bench, target)).code, 'REQUEST_INVALID', target);
  assert.equal(instance.peers.length, 0);
});

test('SP6: a request by the legacy URL is held until the resource is ready, then forwarded; the next one at once', async (t) => {
  const bench = await start(t);
  const instance = await startInstance(t, answering(OK));
  const held = bench.exchange(
    'GET /smart_proxy/lab/g1,g2/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  );
  await until(() => bench.gate.held() === 1);
  bench.gate.wake('lab', instance.port);
  assert.equal(answerOf(await held).status, 200);
  assert.equal((await ask(bench, '/smart_proxy/lab/g1,g2/y')).status, 200);
  assert.equal(bench.gate.reasons.length, 1);
});

test('SP7: the instance is told the groups of the user whom it was woken for', async (t) => {
  const bench = await startBench(t, {
    proxy: { identity: { headers: { trusted: ['127.0.0.1'] } } },
    resources: { lab: { routes: [{ path: '/' }], access: { groups: ['g1'] } } },
  });
  const instance = await startInstance(t, answering(OK));
  const held = ask(bench, '/', 'X-Forwarded-User: alice', 'X-Forwarded-Groups: g1,g2');
  await until(() => bench.gate.held() === 1);
  bench.gate.wake('lab', instance.port);
  assert.equal((await held).status, 200);
  assert.match(headsAt(instance)[0] ?? '', /X-Forwarded-User: alice\r\nX-Forwarded-Groups: g1,g2\r\n/);
});
