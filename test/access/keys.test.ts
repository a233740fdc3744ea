import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask, awakeBench, bearer, headsAt, tokenBench } from '../kit/access-bench.js';
import { eventually } from '../kit/conditions.js';
import { configOf } from '../kit/http-bench.js';
import { AUDIENCE, ISSUER, keyServer, newKey, sign } from '../kit/issuer.js';
import { tempFolder } from '../kit/scripts.js';

test('keys are fetched once for many tokens, and for many requests at once', async (t) => {
  const { bench, key, keys } = await tokenBench(t);
  const users = Array.from({ length: 20 }, (_, i) => `user-${i}`);
  const answers = await Promise.all(
    users.map(async (sub) => ask(bench, '/', bearer(await sign(key, { sub })))),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(keys.requests(), 1);
});

test('a token of a new key is taken once the issuer has it', async (t) => {
  const { bench, key, keys } = await tokenBench(t, { jwt: { retry: '1ms' } });
  await ask(bench, '/', bearer(await sign(key, { sub: 'a' })));
  const next = await newKey();
  keys.keys.push(next);
  assert.equal((await ask(bench, '/', bearer(await sign(next, { sub: 'b' })))).status, 200);
  assert.equal(keys.requests(), 2);
});

test('tokens of unknown keys do not make the issuer fetch more often than `retry` allows', async (t) => {
  const { bench, key, keys } = await tokenBench(t, { jwt: { retry: '1h' } });
  await ask(bench, '/', bearer(await sign(key, { sub: 'a' })));
  const stranger = await newKey();
  for (let i = 0; i < 5; i++) {
    const { status } = await ask(bench, '/', bearer(await sign(stranger, { sub: `${i}` })));
    assert.equal(status, 401);
  }
  assert.equal(keys.requests(), 1);
});

test('keys that cannot be had open no door: 503, and 200 once they are there', async (t) => {
  const { bench, instance, key, keys } = await tokenBench(t, { jwt: { retry: '1ms', timeout: '200ms' } });
  const token = bearer(await sign(key, { sub: 'a' }));
  const failures: (typeof keys.answer)[] = [
    (response) => response.writeHead(500).end(),
    (response) => response.end('<html>'),
    (response) => response.end('{"keys": 7}'),
    (response) => response.writeHead(302, { Location: keys.url }).end(),
    (response) => response.socket?.destroy(),
    (response) => response.write('{'),
    (response) => response.end(`{"keys":[],"x":"${'x'.repeat(1024 * 1024)}"}`),
  ];
  for (const failure of failures) {
    keys.answer = failure;
    const { status, code } = await ask(bench, '/', token);
    assert.deepEqual([status, code], [503, 'IDENTITY_UNAVAILABLE']);
  }
  assert.equal(instance.peers.length, 0);
  keys.answer = undefined;
  assert.equal((await ask(bench, '/', token)).status, 200);
});

for (const [stale, status] of [
  ['1h', 200],
  ['1ms', 503],
] as const) {
  test(`keys that are ${stale} old at most count while their server is down: ${status}`, async (t) => {
    const jwt = { refresh: '1ms', stale, retry: '1ms', remember: '1ms' };
    const { bench, key, keys } = await tokenBench(t, { jwt });
    const token = bearer(await sign(key, { sub: 'a' }));
    await ask(bench, '/', token);
    const fetched = keys.requests();
    keys.answer = (response) => response.writeHead(503).end();
    await eventually('the keys are asked for again, and cannot be had', async () => {
      await ask(bench, '/', token);
      return keys.requests() > fetched + 1;
    });
    for (let i = 0; i < 3; i++) assert.equal((await ask(bench, '/', token)).status, status);
  });
}

test('a key that the issuer has taken back counts no more, nor do tokens that were remembered', async (t) => {
  const { bench, key, keys } = await tokenBench(t, { jwt: { refresh: '1ms', retry: '1ms', remember: '1h' } });
  const token = bearer(await sign(key, { sub: 'a' }));
  assert.equal((await ask(bench, '/', token)).status, 200);
  const next = await newKey();
  keys.keys = [next];
  const another = async () =>
    ask(bench, '/', bearer(await sign(next, { sub: 'b', jti: `${Math.random()}` })));
  await eventually('the new key is known', async () => (await another()).status === 200);
  assert.equal((await ask(bench, '/', token)).status, 401);
});

test('keys may stand in a file', async (t) => {
  const file = join(tempFolder(t), 'keys.json');
  const key = await newKey();
  writeFileSync(file, JSON.stringify({ keys: [key.publicJwk] }));
  const jwt = { keys: file, issuer: ISSUER, audience: ['other', AUDIENCE] };
  const { bench, instance } = await awakeBench(t, { jwt }, { access: 'signed-in' });
  assert.equal((await ask(bench, '/', bearer(await sign(key, { sub: 'a' })))).status, 200);
  assert.match(headsAt(instance)[0] ?? '', /X-Forwarded-User: a\r\n/);
});

test('a reload keeps the keys that are known, where their place is the same', async (t) => {
  const key = await newKey();
  const keys = await keyServer(t, key);
  const identity = { jwt: { keys: keys.url, issuer: ISSUER, audience: AUDIENCE } };
  const { bench } = await awakeBench(t, identity, { access: 'signed-in' });
  await ask(bench, '/', bearer(await sign(key, { sub: 'a' })));
  keys.answer = (response) => response.writeHead(500).end();
  const open = { app: { routes: [{ path: '/' }], access: { users: ['b'] } } };
  bench.door.reload(configOf({ proxy: { identity }, resources: open }));
  assert.equal((await ask(bench, '/', bearer(await sign(key, { sub: 'b' })))).status, 200);
  assert.equal((await ask(bench, '/', bearer(await sign(key, { sub: 'a' })))).status, 403);
});
