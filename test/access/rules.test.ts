import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessRule } from '../../access/rules.js';
import { ask, awakeBench, headsAt } from '../kit/access-bench.js';
import { answering, configOf, OK, startBench, startInstance } from '../kit/http-bench.js';

const LOCAL = { headers: { trusted: ['127.0.0.1'] } };
const as = (user: string, ...groups: string[]) => ({ user, groups });
const nowhere = () => '192.0.2.1';

test('SP2: whoever has all the groups of a resource may use it, and nobody who lacks one', () => {
  const rule = accessRule({ groups: ['g1', 'g2'] });
  assert.equal(rule.allows(as('a', 'g1', 'g2', 'g3'), nowhere), true);
  assert.equal(rule.allows(as('a', 'g1'), nowhere), false);
  assert.equal(rule.allows({ groups: ['g2', 'g1'] }, nowhere), true);
  assert.equal(rule.allows({ groups: [] }, nowhere), false);
  assert.equal(rule.allows(as('a', 'G1', 'G2'), nowhere), false);
});

test('within a rule everything must hold, and of several rules one', () => {
  const rule = accessRule([{ users: ['root'], addresses: ['10.0.0.0/8'] }, { groups: ['staff'] }]);
  assert.equal(
    rule.allows(as('root'), () => '10.1.2.3'),
    true,
  );
  assert.equal(rule.allows(as('root'), nowhere), false);
  assert.equal(rule.allows(as('anybody', 'staff'), nowhere), true);
});

test('signed-in asks for a name, not for a group', () => {
  const rule = accessRule('signed-in');
  assert.equal(rule.allows(as('a'), nowhere), true);
  assert.equal(rule.allows({ groups: ['g1'] }, nowhere), false);
});

test('who is known and lacks a group is told 403, and the instance hears nothing of it', async (t) => {
  const { bench, instance } = await awakeBench(t, LOCAL, { access: { groups: ['staff'] } });
  const { status, code, text } = await ask(bench, '/', 'X-Forwarded-User: bob', 'X-Forwarded-Groups: guests');
  assert.deepEqual([status, code], [403, 'ACCESS_DENIED']);
  assert.match(text, /bob may not/);
  assert.equal(instance.peers.length, 0);
});

test('who may not use a resource does not wake it', async (t) => {
  const { bench } = await awakeBench(t, LOCAL, { access: 'signed-in' });
  bench.gate.sleep('app');
  assert.equal((await ask(bench, '/')).status, 401);
  assert.deepEqual(bench.gate.reasons, []);
});

test('a rule of addresses needs no identity, and looks behind trusted proxies only', async (t) => {
  const access = { addresses: ['203.0.113.0/24'] };
  const direct = await awakeBench(t, undefined, { access });
  assert.equal((await ask(direct.bench, '/', 'X-Forwarded-For: 203.0.113.7')).code, 'ACCESS_DENIED');
  const { bench } = await awakeBench(t, undefined, { access }, { trusted: ['127.0.0.0/8', '10.0.0.1'] });
  const status = async (told: string) => (await ask(bench, '/', `X-Forwarded-For: ${told}`)).status;
  assert.equal(await status('203.0.113.7'), 200);
  assert.equal(await status('203.0.113.7:4711, 10.0.0.1'), 200);
  // What stands before an address that is not trusted, its sender made up.
  assert.equal(await status('203.0.113.7, 198.51.100.1'), 403);
  assert.equal(await status('203.0.113.7, unknown'), 403);
});

/** Spellings of /secret that some server, somewhere, takes for it. */
const TRICKS = [
  '/x/../secret',
  '/x/%2e%2e/secret',
  '/x/%2E%2e/secret',
  '/x/..%2fsecret',
  '/x/..;/secret',
  '/x/..%3b/secret',
  '/./secret',
  '//secret',
  '/%2fsecret',
  '/%73ecret',
  '/secre%74/x',
  '\\secret',
  '/x/..\\secret',
  '/x/..%5csecret',
  '/SECRET',
  '/Secret/',
  '/secret;x=1',
  '/secret%00',
  '/secret%2e',
  '/secret.',
  '/secret%20',
];

test('no spelling of a path leads around the rule of the resource behind it', async (t) => {
  const bench = await startBench(t, {
    proxy: { identity: LOCAL },
    resources: {
      open: { routes: [{ path: '/' }] },
      secret: { routes: [{ path: '/secret' }], access: { users: ['alice'] } },
    },
  });
  const [open, secret] = [await startInstance(t, answering(OK)), await startInstance(t, answering(OK))];
  bench.gate.wake('open', open.port);
  bench.gate.wake('secret', secret.port);
  for (const target of TRICKS) {
    const { status } = await ask(bench, target);
    assert.ok(status === 400 || status === 200, `${target}: ${status}`);
  }
  for (const target of ['/secret', '/secret/', '/secret/x', '/secret?x', 'http://b/secret']) {
    assert.equal((await ask(bench, target)).code, 'IDENTITY_REQUIRED', target);
  }
  assert.equal(secret.peers.length, 0);
  // What came to the open one came to it as it was: it is no way to the other.
  assert.ok(headsAt(open).length > 0);
});

test('a reload takes rules away and puts others in force, for the next request', async (t) => {
  const { bench } = await awakeBench(t, LOCAL, { access: 'signed-in' });
  assert.equal((await ask(bench, '/')).status, 401);
  bench.door.reload(configOf({}));
  assert.equal((await ask(bench, '/')).status, 200);
});

test('the access log says which user a request was from', async (t) => {
  const { bench } = await awakeBench(t, LOCAL);
  await ask(bench, '/', 'X-Forwarded-User: alice');
  assert.ok(bench.lines.some(({ user }) => user === 'alice'));
});
