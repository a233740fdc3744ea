// People at the control address: `control.access`, with the identity that the proxy has.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { openPage, seriousFaults, startBrowser } from '../kit/browser.js';
import { eventually } from '../kit/conditions.js';
import { codeOf, HELLO, raw, startTestControl } from '../kit/control.js';
import { needs } from '../kit/engines.js';
import { AUDIENCE, ISSUER, type Key, keyServer, newKey, sign } from '../kit/issuer.js';

const LIST = '/api/v1/resources';
const STOP = `${LIST}/hello/stop`;
const SESSION = '/api/v1/session';
const ACCESS = 'access: { see: signed-in, act: { groups: [ops] } }';
const CONTROL = `listen: 127.0.0.1:0, ${ACCESS}`;
const BY_HEADERS = `proxy: { identity: { headers: { trusted: [127.0.0.1] } } }\n${HELLO}`;

const bob = { 'x-forwarded-user': 'bob' };
const alice = { 'x-forwarded-user': 'alice', 'x-forwarded-groups': 'staff,ops' };

/** A control address that knows people by tokens of that key, in a cookie too. */
async function withTokens(t: TestContext, control = CONTROL): Promise<{ url: string; key: Key }> {
  const key = await newKey();
  const { url: keys } = await keyServer(t, key);
  const jwt = `{ keys: "${keys}", issuer: "${ISSUER}", audience: ${AUDIENCE}, cookie: who }`;
  const text = `proxy: { identity: { jwt: ${jwt} } }\n${HELLO}`;
  const { url } = await startTestControl(t, { text, control });
  return { url, key };
}

test('who may see reads and changes nothing, who may act does both, and nobody unknown does either', async (t) => {
  const { url, plane } = await startTestControl(t, { text: BY_HEADERS, control: CONTROL });
  const call = (path: string, headers: Record<string, string>, method = 'GET') =>
    raw(url + path, { method, headers: { origin: url, ...headers } });
  for (const path of [LIST, '/metrics', '/plain', STOP]) {
    assert.equal(codeOf(await call(path, {}, path === STOP ? 'POST' : 'GET')), 'UNAUTHORIZED', path);
  }
  for (const path of [LIST, '/metrics', '/plain', '/']) {
    assert.equal((await call(path, bob)).status, 200, path);
  }
  const refused = await call(STOP, bob, 'POST');
  assert.equal(codeOf(refused), 'ACCESS_DENIED');
  assert.match(refused.text, /bob may see here, and not act/);
  assert.equal(codeOf(await call(`${LIST}/hello`, bob, 'DELETE')), 'ACCESS_DENIED');
  assert.equal(codeOf(await call('/api/v1/images', bob, 'POST')), 'ACCESS_DENIED');
  assert.deepEqual(plane.asked, []);
  assert.equal((await call(LIST, alice)).status, 200);
  assert.equal((await call(STOP, alice, 'POST')).status, 200);
});

test('without see only those who may act get in, and without act nobody changes anything', async (t) => {
  const only = async (access: string, headers: Record<string, string>) => {
    const { url } = await startTestControl(t, {
      text: BY_HEADERS,
      control: `listen: 127.0.0.1:0, access: ${access}`,
    });
    const with_ = { headers: { origin: url, ...headers } };
    return [
      (await raw(url + LIST, with_)).status,
      (await raw(url + STOP, { method: 'POST', ...with_ })).status,
    ];
  };
  assert.deepEqual(await only('{ act: { groups: [ops] } }', bob), [403, 403]);
  assert.deepEqual(await only('{ act: { groups: [ops] } }', alice), [200, 200]);
  assert.deepEqual(await only('{ see: signed-in }', alice), [200, 403]);
});

test('fields of an address that is no trusted proxy are nobody', async (t) => {
  const text = `proxy: { identity: { headers: { trusted: [192.0.2.1] } } }\n${HELLO}`;
  const { url } = await startTestControl(t, { text, control: CONTROL });
  assert.equal(codeOf(await raw(url + LIST, { headers: alice })), 'UNAUTHORIZED');
});

test('the token goes on to let everything beside people, and loopback alone lets nothing any more', async (t) => {
  const { url } = await startTestControl(t, { text: BY_HEADERS, control: `${CONTROL}, token: right-token` });
  assert.equal((await raw(url + LIST)).status, 401);
  const authorization = 'Bearer right-token';
  assert.equal((await raw(url + STOP, { method: 'POST', headers: { authorization } })).status, 200);
  const wrong = await raw(url + LIST, { headers: { authorization: 'Bearer wrong' } });
  assert.equal(codeOf(wrong), 'UNAUTHORIZED');
});

test('what a browser sends by itself changes nothing without an Origin, nor from another one; a bearer token does', async (t) => {
  const { url, key } = await withTokens(t);
  const jwt = await sign(key, { sub: 'alice', groups: ['ops'] });
  const stop = (headers: Record<string, string>) => raw(url + STOP, { method: 'POST', headers });
  const cookie = `who=${jwt}`;
  assert.equal((await raw(url + LIST, { headers: { cookie } })).status, 200);
  assert.equal(codeOf(await stop({ cookie })), 'CROSS_SITE');
  assert.equal(codeOf(await stop({ cookie, origin: 'http://evil.example' })), 'CROSS_SITE');
  assert.equal((await stop({ cookie, origin: url })).status, 200);
  assert.equal((await stop({ authorization: `Bearer ${jwt}` })).status, 200);
  const { url: front } = await startTestControl(t, { text: BY_HEADERS, control: CONTROL });
  assert.equal(codeOf(await raw(front + STOP, { method: 'POST', headers: alice })), 'CROSS_SITE');
});

test('who is known by fields of a proxy comes by a name that is configured: others could be pointed here', async (t) => {
  const open = `listen: 127.0.0.1:0, access: { see: signed-in, act: signed-in, hosts: [Reveille.example.org] }`;
  const { url, plane } = await startTestControl(t, { text: BY_HEADERS, control: open });
  const call = (host: string, method = 'GET') =>
    raw(url + (method === 'GET' ? LIST : STOP), {
      method,
      headers: { ...alice, host, origin: `http://${host}` },
    });
  for (const method of ['GET', 'POST'])
    assert.equal(codeOf(await call('evil.example', method)), 'CROSS_SITE', method);
  assert.deepEqual(plane.asked, []);
  for (const host of ['reveille.example.org', 'localhost:8081', '10.0.0.7:8081', '[::1]:8081'])
    assert.equal((await call(host)).status, 200, host);
});

test('a token of another key or of one without the group lets nobody in, and its error says why', async (t) => {
  const { url, key } = await withTokens(t);
  const status = async (token: string) =>
    codeOf(await raw(url + STOP, { method: 'POST', headers: { authorization: `Bearer ${token}` } }));
  assert.equal(await status(await sign(key, { sub: 'bob', groups: ['staff'] })), 'ACCESS_DENIED');
  assert.equal(
    await status(await sign({ ...(await newKey()), kid: key.kid }, { sub: 'alice' })),
    'UNAUTHORIZED',
  );
  assert.equal(await status('not-a-token'), 'UNAUTHORIZED');
});

test('a token of an identity is no guess of the control token, whatever comes before it', async (t) => {
  const { url, key } = await withTokens(t, `${CONTROL}, token: right-token, wrongTokens: { perAddress: 1 }`);
  const status = async (token: string) =>
    (await raw(url + LIST, { headers: { authorization: `Bearer ${token}` } })).status;
  const jwt = await sign(key, { sub: 'bob' });
  for (let i = 0; i < 3; i++) assert.equal(await status(jwt), 200);
  assert.equal(await status('right-token'), 200);
});

test('the audit and the reason of what is done name the user', async (t) => {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null }, { write: (line) => lines.push(JSON.parse(line)) });
  const { url, plane } = await startTestControl(t, { text: BY_HEADERS, control: CONTROL, log });
  const headers = { origin: url, ...alice, 'x-reveille-client': 'dashboard' };
  await raw(`${url}${LIST}/hello/wake`, { method: 'POST', headers });
  await raw(url + STOP, { method: 'POST', headers: { ...bob, origin: url } });
  await eventually('two lines', () => lines.length === 2);
  assert.deepEqual(
    lines.map(({ audit, user, by, status }) => [audit, user, by, status]),
    [
      [true, 'alice', 'dashboard', 202],
      [true, 'bob', 'api', 403],
    ],
  );
  assert.match(JSON.stringify(plane.asked[0]?.args), /by alice, dashboard, 127\.0\.0\.1/);
});

test('the session says who the caller is and what they may do', async (t) => {
  const { url } = await startTestControl(t, { text: BY_HEADERS, control: CONTROL });
  const session = async (headers: Record<string, string>) =>
    JSON.parse((await raw(url + SESSION, { headers })).text) as unknown;
  assert.deepEqual(await session(alice), { byToken: false, user: 'alice', may: 'act' });
  assert.deepEqual(await session(bob), { byToken: false, user: 'bob', may: 'see' });
  assert.deepEqual(await session({}), { byToken: false });
});

test(
  'the dashboard names its user, and has no buttons for who may only see',
  needs('chromium'),
  async (t) => {
    const { url } = await startTestControl(t, { text: BY_HEADERS, control: CONTROL });
    const browser = await startBrowser(t);
    const { page } = await openPage(browser, { extraHTTPHeaders: bob });
    await page.goto(`${url}/`);
    await page.locator('#rows .row[data-name="hello"]').getByText('asleep').waitFor();
    await page.getByText('(may see) bob').waitFor();
    assert.equal(await page.locator('[data-deed]').count(), 0);
    await page.locator('#rows .row[data-name="hello"]').focus();
    await page.keyboard.press('w');
    assert.equal(await page.locator('#said').textContent(), '');
    assert.deepEqual(await seriousFaults(page), []);
    const other = await openPage(browser, { extraHTTPHeaders: alice });
    await other.page.goto(`${url}/`);
    await other.page.getByRole('button', { name: 'wake hello' }).click();
    await other.page.getByText('wake hello: asked for').waitFor();
  },
);

test(
  'a browser of somebody who may not is told so by a page, which asks for no token where there is none',
  needs('chromium'),
  async (t) => {
    const text = BY_HEADERS;
    const control = 'listen: 127.0.0.1:0, access: { act: { groups: [ops] } }';
    const { url } = await startTestControl(t, { text, control });
    const browser = await startBrowser(t);
    const { page } = await openPage(browser, { extraHTTPHeaders: bob });
    await page.goto(`${url}/`);
    await page.getByText('You are bob, who may not use this dashboard.').waitFor();
    assert.equal(await page.getByLabel('Token').isVisible(), false);
    const { page: nobody } = await openPage(browser);
    await nobody.goto(`${url}/`);
    await nobody.getByText('Sign in where your other applications ask you to, and come back.').waitFor();
    assert.deepEqual(await seriousFaults(nobody), []);
  },
);
