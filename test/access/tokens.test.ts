import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { type CryptoKey, exportSPKI, importJWK } from 'jose';
import { type Answer, ask, bearer, headsAt, tokenBench } from '../kit/access-bench.js';
import { eventually } from '../kit/conditions.js';
import { handMade, keyServer, newKey, sign } from '../kit/issuer.js';

const now = (): number => Math.floor(Date.now() / 1000);

for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA']) {
  test(`a bearer token signed with ${alg} tells user and groups to the instance`, async (t) => {
    const { bench, instance, key } = await tokenBench(t, { key: await newKey(alg) });
    const token = await sign(key, { sub: 'alice', groups: ['staff', 'wiki editors'] });
    assert.equal((await ask(bench, '/', bearer(token))).status, 200);
    assert.match(
      headsAt(instance)[0] ?? '',
      /\r\nX-Forwarded-User: alice\r\nX-Forwarded-Groups: staff,wiki editors\r\n/,
    );
  });
}

test('without a token the answer is 401 with a challenge, as a problem', async (t) => {
  const { bench, instance } = await tokenBench(t);
  const { status, code, text } = await ask(bench, '/');
  assert.deepEqual([status, code], [401, 'IDENTITY_REQUIRED']);
  assert.match(text, /\r\nWWW-Authenticate: Bearer realm="reveille"\r\n/);
  assert.equal(instance.peers.length, 0);
});

test('a token that does not hold is 401 with error="invalid_token", and the reason', async (t) => {
  const { bench, instance, key } = await tokenBench(t);
  const stranger = await newKey();
  const cases: [RegExp, string][] = [
    [/has expired/, await sign(key, { sub: 'a', exp: now() - 31 })],
    [/not valid yet/, await sign(key, { sub: 'a', nbf: now() + 120 })],
    [/somebody else/, await sign(key, { sub: 'a', aud: 'another' })],
    [/another issuer/, await sign(key, { sub: 'a', iss: 'https://issuer.example.evil' })],
    [/exp is missing/, await sign(key, { sub: 'a', exp: undefined })],
    [/claim sub/, await sign(key, {})],
    [/claim sub/, await sign(key, { sub: 'a\r\nX-Forwarded-Groups: admin' })],
    [/not known/, await sign(stranger, { sub: 'a' })],
    [/signature is wrong/, await sign({ ...stranger, kid: key.kid }, { sub: 'a' })],
    [/cannot be read/, 'abc'],
    [/cannot be read/, 'a.b.c'],
    [/longer than 8192/, `${'a'.repeat(8200)}.b.c`],
  ];
  for (const [reason, token] of cases) {
    const { status, code, text } = await ask(bench, '/', bearer(token));
    assert.deepEqual([status, code], [401, 'IDENTITY_INVALID'], text);
    assert.match(text, reason);
    assert.match(text, /WWW-Authenticate: Bearer realm="reveille", error="invalid_token"\r\n/);
  }
  assert.equal(instance.peers.length, 0);
});

test('a token within the leeway of the clocks holds', async (t) => {
  const { bench, key } = await tokenBench(t, { jwt: { leeway: '10m' } });
  const token = await sign(key, { sub: 'a', exp: now() - 300, nbf: now() + 300 });
  assert.equal((await ask(bench, '/', bearer(token))).status, 200);
});

test('a token without a signature, or one made with the public key as a secret, is refused', async (t) => {
  const { bench, key, instance } = await tokenBench(t, { key: await newKey('RS256') });
  const pem = await exportSPKI((await importJWK({ ...key.publicJwk, ext: true }, 'RS256')) as CryptoKey);
  const hmac = (secret: string): string => {
    const unsigned = handMade({ alg: 'HS256', kid: key.kid }, { sub: 'root' }, '').slice(0, -1);
    return `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`;
  };
  const tokens = [
    handMade({ alg: 'none' }, { sub: 'root' }, ''),
    handMade({ alg: 'None', kid: key.kid }, { sub: 'root' }, ''),
    handMade({ alg: 'RS256', kid: key.kid }, { sub: 'root' }, ''),
    hmac(pem),
    hmac(String(key.publicJwk.n)),
    hmac(''),
  ];
  for (const token of tokens) {
    const { status, code } = await ask(bench, '/', bearer(token));
    assert.deepEqual([status, code], [401, 'IDENTITY_INVALID'], token);
  }
  assert.equal(instance.peers.length, 0);
});

test('a key or an address of keys that the token itself brings is not looked at', async (t) => {
  const { bench } = await tokenBench(t);
  const stranger = await newKey();
  const bait = await keyServer(t, stranger);
  const own = { jwk: stranger.publicJwk, jku: bait.url, x5u: bait.url };
  const answer = await ask(bench, '/', bearer(await sign(stranger, { sub: 'root' }, own)));
  assert.equal(answer.status, 401);
  assert.equal(bait.requests(), 0);
});

test('an algorithm that the configuration leaves out is refused though the key fits', async (t) => {
  const { bench, key } = await tokenBench(t, { jwt: { algorithms: ['RS256'] } });
  const { text } = await ask(bench, '/', bearer(await sign(key, { sub: 'a' })));
  assert.match(text, /algorithm that is not allowed/);
});

test('claims may have other names and lie deeper, and groups may be a text with commas', async (t) => {
  const jwt = { user: 'https://example.org/login', groups: 'realm_access.roles' };
  const { bench, instance, key } = await tokenBench(t, { jwt });
  const deep = { 'https://example.org/login': 'zoë', realm_access: { roles: 'a, b,,a' } };
  await ask(bench, '/', bearer(await sign(key, deep)));
  const head = Buffer.from(headsAt(instance)[0] ?? '', 'latin1').toString('utf8');
  assert.match(head, /X-Forwarded-User: zoë\r\nX-Forwarded-Groups: a,b\r\n/);
});

test('a group in a list that would be read as two, or is no text, is left out', async (t) => {
  const { bench, instance, key } = await tokenBench(t);
  const groups = ['staff', 'x,admin', 7, '', 'a\nb', ['admin'], 'staff'];
  await ask(bench, '/', bearer(await sign(key, { sub: 'a', groups })));
  assert.match(headsAt(instance)[0] ?? '', /X-Forwarded-Groups: staff\r\n/);
});

test('a cookie carries a token, which the instance does not get, while other cookies pass', async (t) => {
  const { bench, instance, key } = await tokenBench(t, { jwt: { cookie: 'session' } });
  const token = await sign(key, { sub: 'alice' });
  const { status } = await ask(bench, '/', `Cookie: theme=dark; session=${token}; lang=en`);
  assert.equal(status, 200);
  const [head = ''] = headsAt(instance);
  assert.match(head, /X-Forwarded-User: alice\r\n/);
  assert.match(head, /Cookie: theme=dark; lang=en\r\n/);
  assert.equal(head.includes(token), false);
});

test('a session cookie that is there twice is none: who added the other cannot be told', async (t) => {
  const { bench, key } = await tokenBench(t, { jwt: { cookie: 'session' } });
  const [one, two] = [await sign(key, { sub: 'alice' }), await sign(key, { sub: 'mallory' })];
  for (const cookies of [
    [`Cookie: session=${one}; session=${two}`],
    [`Cookie: session=${one}`, `Cookie: session=${two}`],
  ]) {
    assert.equal((await ask(bench, '/', ...cookies)).code, 'IDENTITY_REQUIRED');
  }
});

test('a cookie counts where the bearer token is one of the application', async (t) => {
  const { bench, instance, key } = await tokenBench(t, { jwt: { cookie: 'session' } });
  const token = await sign(key, { sub: 'alice' });
  assert.equal((await ask(bench, '/', bearer('app.own.token'), `Cookie: session=${token}`)).status, 200);
  assert.match(headsAt(instance)[0] ?? '', /Authorization: Bearer app\.own\.token\r\n/);
});

test('a bearer token that was taken is kept from the instance, unless `pass` hands it on', async (t) => {
  for (const pass of [false, true]) {
    const { bench, instance, key } = await tokenBench(t, { jwt: { pass } });
    const token = await sign(key, { sub: 'alice' });
    await ask(bench, '/', bearer(token));
    assert.equal(headsAt(instance)[0]?.includes(token), pass);
  }
});

test('two Authorization fields are no identity', async (t) => {
  const { bench, key } = await tokenBench(t);
  const token = await sign(key, { sub: 'alice' });
  assert.equal((await ask(bench, '/', bearer(token), bearer(token))).status, 401);
});

test('a remembered token is not remembered beyond its own end', async (t) => {
  const { bench, key } = await tokenBench(t, { jwt: { leeway: 0 } });
  let token = '';
  let answer: Answer;
  // Again where the machine was so busy that it had expired before it was looked at.
  do {
    token = bearer(await sign(key, { sub: 'a', exp: now() + 2 }));
    answer = await ask(bench, '/', token);
  } while (answer.status !== 200);
  await eventually('it is refused', async () => (await ask(bench, '/', token)).text.includes('has expired'));
});

test('a resource that is open to all serves a bad token as nobody', async (t) => {
  const { bench, instance } = await tokenBench(t, { app: {} });
  assert.equal((await ask(bench, '/', bearer('a.b.c'), 'X-Forwarded-User: root')).status, 200);
  assert.doesNotMatch(headsAt(instance)[0] ?? '', /X-Forwarded-User/i);
});
