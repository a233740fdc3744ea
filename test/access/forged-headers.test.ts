import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, awakeBench, headsAt } from '../kit/access-bench.js';

const LOCAL = { headers: { trusted: ['127.0.0.1'] } };
const ELSEWHERE = { headers: { trusted: ['192.0.2.1'] } };

test('a trusted proxy tells user and groups, and the instance is told just that', async (t) => {
  const { bench, instance } = await awakeBench(t, LOCAL, { access: { groups: ['staff'] } });
  const fields = [
    'X-Forwarded-User: alice',
    'X-Forwarded-Groups: staff, wiki',
    'X-Forwarded-Email: a@example.org',
  ];
  assert.equal((await ask(bench, '/', ...fields)).status, 200);
  const [head = ''] = headsAt(instance);
  assert.match(head, /\r\nX-Forwarded-User: alice\r\nX-Forwarded-Groups: staff,wiki\r\n/);
  assert.doesNotMatch(head, /X-Forwarded-Email/i);
});

test('anybody else who tells them is nobody', async (t) => {
  const { bench } = await awakeBench(t, ELSEWHERE, { access: 'signed-in' });
  const { status, code, text } = await ask(
    bench,
    '/',
    'X-Forwarded-User: alice',
    'X-Forwarded-Groups: staff',
  );
  assert.deepEqual([status, code], [401, 'IDENTITY_REQUIRED']);
  assert.match(text, /\r\nWWW-Authenticate: /);
});

const FORGED = [
  'X-Forwarded-User: root',
  'x-forwarded-user: root',
  'X-FORWARDED-USER: root',
  'X_Forwarded_User: root',
  'X-Forwarded_User: root',
  'x_forwarded-groups: admin',
  'X-Forwarded-Groups: admin',
  'X-Forwarded-Email: root@example.org',
  'X-Forwarded-Preferred-Username: root',
  'X-Auth-Request-User: root',
  'X_Auth_Request_Groups: admin',
  'Remote-User: root',
  'Remote_User: root',
  'X-Remote-User: root',
  'X-WEBAUTH-USER: root',
  // lighttpd and others hand every sign of a name to CGI as `_`.
  'X.Forwarded.User: root',
  'X-Forwarded~Groups: admin',
  'Remote!User: root',
  'Remote-Email: root@example.org',
  'Remote-Name: root',
  'X-Webauth-Role: admin',
];

test('no spelling of an identity that a client makes up reaches the instance', async (t) => {
  // Also where the peer is believed about addresses: that says nothing of users.
  const { bench, instance } = await awakeBench(t, ELSEWHERE, {}, { trusted: ['127.0.0.1'] });
  for (const line of FORGED) await ask(bench, '/', line, 'X-Kept: yes', line);
  const heads = headsAt(instance);
  assert.equal(heads.length, FORGED.length);
  for (const head of heads) {
    assert.doesNotMatch(head, /root|admin/);
    assert.match(head, /X-Kept: yes/);
  }
});

test('names of the configuration are kept from clients too, in every spelling', async (t) => {
  const headers = { trusted: ['192.0.2.1'], user: 'X-Who', groups: 'X-Which-Groups' };
  const { bench, instance } = await awakeBench(t, { headers });
  await ask(bench, '/', 'x-who: root', 'X_Who: root', 'X-WHICH_groups: admin');
  assert.doesNotMatch(headsAt(instance)[0] ?? '', /root|admin/);
});

test('a field that is there twice was not written by the trusted proxy alone: it says nothing', async (t) => {
  const { bench, instance } = await awakeBench(t, LOCAL, { access: 'signed-in' });
  const cases = [
    ['X-Forwarded-User: alice', 'X-Forwarded-User: root'],
    ['X-Forwarded-User: alice', 'x-forwarded-user: root'],
    ['X-Forwarded-User: alice', 'X-Forwarded-Groups: staff', 'X-Forwarded-Groups: admin'],
  ];
  for (const fields of cases) {
    const { status, code } = await ask(bench, '/', ...fields);
    assert.deepEqual([status, code], [401, 'IDENTITY_INVALID']);
  }
  assert.equal(instance.peers.length, 0);
});

test('an underscore beside the true field of a trusted proxy changes nothing', async (t) => {
  const { bench, instance } = await awakeBench(t, LOCAL, { access: { users: ['alice'] } });
  await ask(bench, '/', 'X_Forwarded_User: root', 'X-Forwarded-User: alice', 'X-Forwarded_Groups: admin');
  const [head = ''] = headsAt(instance);
  assert.match(head, /X-Forwarded-User: alice\r\n/);
  assert.doesNotMatch(head, /root|admin/);
});

test('a Connection field that names the identity does not take it away', async (t) => {
  const { bench, instance } = await awakeBench(t, LOCAL);
  await ask(bench, '/', 'Connection: X-Forwarded-User, Keep-Alive', 'X-Forwarded-User: alice');
  assert.match(headsAt(instance)[0] ?? '', /X-Forwarded-User: alice\r\n/);
});

test('an upgrade takes the same way: forged fields stay behind, verified ones go along', async (t) => {
  const { bench, instance } = await awakeBench(t, LOCAL, { access: { users: ['zoë'] } });
  const upgrade = ['Upgrade: websocket', 'Connection: Upgrade'];
  const name = Buffer.from('zoë').toString('latin1');
  await Promise.race([
    ask(bench, '/', ...upgrade, `X-Forwarded-User: ${name}`, 'Remote-User: root'),
    instance.peer(0).then((peer) => peer.sees('\r\n\r\n')),
  ]);
  const [head = ''] = headsAt(instance);
  assert.match(Buffer.from(head, 'latin1').toString(), /X-Forwarded-User: zoë\r\n/);
  assert.doesNotMatch(head, /root/);
  const refused = await ask(bench, '/', ...upgrade, 'X-Forwarded-User: mallory');
  assert.deepEqual([refused.status, refused.code], [403, 'ACCESS_DENIED']);
  const unknown = await ask(bench, '/', ...upgrade);
  assert.deepEqual([unknown.status, unknown.code], [401, 'IDENTITY_REQUIRED']);
  assert.equal(instance.peers.length, 1);
});

test('without an identity in the configuration, fields that are no X-Forwarded-* pass as they are', async (t) => {
  const { bench, instance } = await awakeBench(t, undefined);
  await ask(bench, '/', 'Remote-User: alice');
  assert.match(headsAt(instance)[0] ?? '', /Remote-User: alice\r\n/);
});
