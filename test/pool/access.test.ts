import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { ask } from '../kit/access-bench.js';
import { answering, type Bench, OK, startBench, startInstance, until } from '../kit/http-bench.js';

const identity = { headers: { trusted: ['127.0.0.1'] } };
const lab = { pool: { key: ['{id}', 'groups'] }, routes: [{ path: '/lab/{id}' }] };
const notebook = { pool: { key: ['user'] }, access: 'signed-in', routes: [{ path: '/notebook' }] };
const team = { pool: { key: ['group'], groups: 'team-.*' }, routes: [{ path: '/team' }] };

const start = (t: TestContext): Promise<Bench> =>
  startBench(t, {
    proxy: { identity },
    resources: {
      one: { access: { groups: ['g1', 'g2'] } },
      two: { access: { groups: ['g1'] } },
      three: {},
      lab,
      notebook,
      team,
    },
    pools: {
      virtual: { members: ['one', 'two'], routes: [{ path: '/virtual' }] },
      free: { members: ['one', 'three'], routes: [{ path: '/free' }] },
    },
  });

const as = (user: string, groups = ''): string[] => [
  `X-Forwarded-User: ${user}`,
  `X-Forwarded-Groups: ${groups}`,
];

/** Sends a request that waits, and tells what it waits for. */
async function entered(bench: Bench, target: string, ...fields: string[]) {
  const before = bench.gate.asked.length;
  const head = [`GET ${target} HTTP/1.1`, 'Host: x', ...fields, '', ''].join('\r\n');
  (await bench.client()).send(head);
  await until(() => bench.gate.asked.length > before);
  const last = bench.gate.asked[before];
  assert.ok(last);
  return last;
}

test('SP2: of several VMs the first serves whose groups are a subset of the user’s', async (t) => {
  const bench = await start(t);
  assert.equal((await entered(bench, '/virtual', ...as('ann', 'g1,g2,g3'))).resource, 'one');
  assert.equal((await entered(bench, '/virtual', ...as('bob', 'g1,g3'))).resource, 'two');
  assert.equal((await entered(bench, '/free', ...as('cid', 'g9'))).resource, 'three');
  const denied = await ask(bench, '/virtual', ...as('dan', 'g2'));
  assert.deepEqual([denied.status, denied.code], [403, 'ACCESS_DENIED']);
  const unknown = await ask(bench, '/virtual');
  assert.deepEqual([unknown.status, unknown.code], [401, 'IDENTITY_REQUIRED']);
  assert.equal(bench.gate.asked.length, 3, 'who may not wakes nothing');
});

test('SP2: a running VM that the user may use is taken before one that sleeps', async (t) => {
  const bench = await start(t);
  bench.gate.standings.set('two', { standing: 'awake', load: 5 });
  assert.equal((await entered(bench, '/virtual', ...as('ann', 'g1,g2'))).resource, 'two');
});

test('SP7: what is spawned for a user takes that user’s groups, and an unknown id comes to exist by it', async (t) => {
  const bench = await start(t);
  const spawned = await entered(bench, '/lab/never-seen', ...as('ann', 'g2,g1'));
  assert.deepEqual(spawned.params, { id: 'never-seen', groups: 'g1,g2' });
  bench.gate.standings.set(spawned.resource, { standing: 'awake', load: 0 });
  const more = await entered(bench, '/lab/never-seen', ...as('bob', 'g1,g2,g3'));
  assert.equal(more.resource, spawned.resource, 'who has its groups and more shares it');
  const fewer = await entered(bench, '/lab/never-seen', ...as('eve', 'g1'));
  assert.notEqual(fewer.resource, spawned.resource, 'who has fewer does not');
  assert.deepEqual(fewer.params, { id: 'never-seen', groups: 'g1' });
  const other = await entered(bench, '/lab/other', ...as('bob', 'g1,g2,g3'));
  assert.deepEqual(other.params, { id: 'other', groups: 'g1,g2,g3' }, 'another id is another VM');
  assert.equal((await ask(bench, '/lab/x')).code, 'IDENTITY_REQUIRED');
  assert.equal((await ask(bench, '/lab/x', ...as('zed'))).code, 'ACCESS_DENIED');
});

test('a verified user gets a member of their own behind one URL, whatever the path claims', async (t) => {
  const bench = await start(t);
  const ann = await entered(bench, '/notebook/user/bob?user=bob', ...as('ann'));
  assert.deepEqual([ann.resource, ann.params], ['notebook--ann', { user: 'ann' }]);
  const bob = await entered(bench, '/notebook', ...as('Bob;../ann'));
  assert.match(bob.resource, /^notebook--bob-ann--[0-9a-z]{16}$/);
  assert.deepEqual(bob.params, { user: 'Bob;../ann' });
  assert.equal((await ask(bench, '/notebook')).status, 401);
});

test('a group of one’s own: the first that counts', async (t) => {
  const bench = await start(t);
  const { resource } = await entered(bench, '/team', ...as('ann', 'staff,team-red,team-blue'));
  assert.equal(resource, 'team--team-red');
  assert.equal((await ask(bench, '/team', ...as('bob', 'staff'))).code, 'ACCESS_DENIED');
});

test('rules of a template hold for its members, and what may wake, too', async (t) => {
  const bench = await startBench(t, {
    proxy: { identity },
    resources: {
      app: {
        pool: { key: ['{pr}'] },
        access: { groups: ['dev'] },
        wake: { by: { groups: ['lead'] } },
        asleep: [{ path: '/*/healthz', status: 200, body: 'asleep' }],
        routes: [{ path: '/{pr}' }],
      },
    },
  });
  assert.equal((await ask(bench, '/7', ...as('ann', 'other'))).code, 'ACCESS_DENIED');
  assert.equal((await ask(bench, '/7', ...as('ann', 'dev'))).code, 'WAKE_DENIED');
  assert.equal((await ask(bench, '/7/healthz', ...as('ann', 'dev'))).status, 200);
  assert.deepEqual(bench.gate.asked, []);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app--7', instance.port);
  assert.equal((await ask(bench, '/7', ...as('ann', 'dev'))).status, 200);
  assert.equal((await entered(bench, '/8', ...as('lea', 'dev,lead'))).resource, 'app--8');
});
