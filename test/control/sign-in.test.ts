import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { openPage, picture, seriousFaults, startBrowser } from '../kit/browser.js';
import { codeOf, HELLO, raw, startTestControl } from '../kit/control.js';
import { needs } from '../kit/engines.js';

const LIST = '/api/v1/resources';
const SESSION = '/api/v1/session';
const JSON_TYPE = { 'content-type': 'application/json' };
const CONTROL = 'listen: 127.0.0.1:0, token: right-token';

/** The cookie that signing in with that token gives, as a browser sends it back. */
async function signedIn(url: string, token = 'right-token', headers: Record<string, string> = {}) {
  const body = JSON.stringify({ token });
  const answer = await raw(url + SESSION, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body });
  const field = String(answer.headers['set-cookie'] ?? '');
  return { answer, field, cookie: field.split(';')[0] ?? '' };
}

test('a browser signs in with the token, and out again', needs('chromium'), async (t) => {
  const { url } = await startTestControl(t, { control: CONTROL });
  const { page, complaints } = await openPage(await startBrowser(t), {
    viewport: { width: 800, height: 500 },
  });
  await page.goto(`${url}/`);
  await page.getByLabel('Token').fill('wrong-token');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('That is not the token.').waitFor();
  assert.deepEqual(await seriousFaults(page), []);
  await page.getByLabel('Token').fill('');
  await picture(page, 'dashboard-sign-in');
  await page.getByLabel('Token').fill('right-token');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#rows .row[data-name="hello"]').getByText('asleep').waitFor();
  assert.doesNotMatch(page.url(), /right-token/);
  assert.equal(await page.evaluate('document.cookie'), '');
  await page.getByRole('button', { name: 'wake hello' }).click();
  await page.getByText('wake hello: asked for').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Token').waitFor();
  assert.equal(await page.evaluate(`fetch('${LIST}').then(({ status }) => status)`), 401);
  assert.deepEqual(
    complaints.filter((text) => !text.includes('401')),
    [],
  );
});

test('the page of another origin cannot use the session of a browser', needs('chromium'), async (t) => {
  const { url, plane } = await startTestControl(t, { control: CONTROL });
  const other = await startTestControl(t);
  const { page } = await openPage(await startBrowser(t));
  await page.goto(`${url}/`);
  await page.getByLabel('Token').fill('right-token');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#rows .row').first().waitFor();
  // Another port of the same host: the same site, so its cookies go along.
  await page.goto(`${other.url}/healthz`);
  const call = `fetch('${url}${LIST}/hello/wake', { method: 'POST', mode: 'no-cors', credentials: 'include' }).catch(() => {})`;
  await page.evaluate(call);
  assert.deepEqual(plane.asked, []);
});

test('a session is of no use changed, run out, under another token, or twice in one request', async (t) => {
  const { url, service, config } = await startTestControl(t, { control: CONTROL });
  const { cookie } = await signedIn(url);
  const status = async (value: string) => (await raw(url + LIST, { headers: { cookie: value } })).status;
  assert.equal(await status(cookie), 200);
  assert.equal(await status(`a=b; ${cookie}`), 200);
  assert.equal(await status(`${cookie}; ${cookie}`), 401);
  assert.equal(await status(cookie.replace(/=\d/, '=9')), 401);
  assert.equal(await status(cookie.replace(/.$/, (last) => (last === '0' ? '1' : '0'))), 401);
  await service.reload({ ...config, control: { ...config.control, session: 1 } });
  const short = await signedIn(url);
  while (Date.now() <= Number(/=(\d+)/.exec(short.cookie)?.[1])) await new Promise(setImmediate);
  assert.equal(await status(short.cookie), 401);
  await service.reload({ ...config, control: { ...config.control, token: 'another' } });
  assert.equal(await status(cookie), 401);
});

test('a session changes nothing without an Origin, nor from another one', async (t) => {
  const { url, plane } = await startTestControl(t, { control: CONTROL });
  const { cookie } = await signedIn(url);
  const wake = (headers: Record<string, string>) =>
    raw(`${url}${LIST}/hello/wake`, { method: 'POST', headers: { cookie, ...headers } });
  assert.equal(codeOf(await wake({})), 'CROSS_SITE');
  assert.equal(codeOf(await wake({ origin: 'http://evil.example' })), 'CROSS_SITE');
  assert.deepEqual(plane.asked, []);
  assert.equal((await wake({ origin: url })).status, 202);
});

test('the cookie is for this address alone, kept from scripts, and Secure where the browser came by https', async (t) => {
  const { url } = await startTestControl(t, { control: CONTROL });
  assert.match((await signedIn(url)).field, /; HttpOnly; SameSite=Strict$/);
  const host = new URL(url).host;
  assert.match((await signedIn(url, 'right-token', { origin: `https://${host}` })).field, /; Secure$/);
  const wrong = await signedIn(url, 'wrong');
  assert.equal(codeOf(wrong.answer), 'UNAUTHORIZED');
  assert.equal(wrong.field, '');
  const foreign = await signedIn(url, 'right-token', { origin: 'http://evil.example' });
  assert.equal(codeOf(foreign.answer), 'CROSS_SITE');
});

const LOG_TEXT = (lines: Record<string, unknown>[]) =>
  pino({ base: null }, { write: (line) => lines.push(JSON.parse(line)) });
const bearer = (token: string, from: string) => ({
  headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': from },
});
const BOUNDED = (bounds: string) => ({
  text: `proxy: { trusted: [127.0.0.1] }\n${HELLO}`,
  control: `${CONTROL}, wrongTokens: { ${bounds}, every: 10h }`,
});

test('after too many wrong tokens from one address none of its tokens is looked at, while sessions go on', async (t) => {
  const lines: Record<string, unknown>[] = [];
  const { url } = await startTestControl(t, { ...BOUNDED('perAddress: 3'), log: LOG_TEXT(lines) });
  const { cookie } = await signedIn(url, 'right-token', { 'x-forwarded-for': '192.0.2.1' });
  const answers = [];
  for (const token of ['a', 'b', 'right-toke', 'right-token'])
    answers.push(await raw(url + LIST, bearer(token, '192.0.2.1')));
  assert.deepEqual(answers.map(codeOf), ['UNAUTHORIZED', 'UNAUTHORIZED', 'UNAUTHORIZED', 'TOKEN_LIMITED']);
  const last = answers[3];
  assert.equal(last?.status, 429);
  assert.ok(Number(last?.headers['retry-after']) > 3600);
  const form = await signedIn(url, 'right-token', { 'x-forwarded-for': '192.0.2.1' });
  assert.equal(codeOf(form.answer), 'TOKEN_LIMITED');
  assert.equal(form.field, '');
  const session = await raw(url + LIST, { headers: { cookie, 'x-forwarded-for': '192.0.2.1' } });
  assert.equal(session.status, 200);
  assert.equal((await raw(url + LIST, bearer('right-token', '192.0.2.2'))).status, 200);
  const wrong = lines.filter(({ wrongToken }) => wrongToken === true);
  assert.deepEqual(
    wrong.map(({ audit, from, limited }) => [audit, from, limited]),
    [false, false, true].map((limited) => [true, '192.0.2.1', limited]),
  );
  assert.doesNotMatch(JSON.stringify(lines), /right-tok/);
});

test('guesses from many addresses are bounded together, and do not lock out who has shown the right token', async (t) => {
  const { url } = await startTestControl(t, BOUNDED('total: 2'));
  const status = async (token: string, from: string) => (await raw(url + LIST, bearer(token, from))).status;
  assert.equal(await status('right-token', '192.0.2.1'), 200);
  assert.equal(await status('a', '192.0.2.2'), 401);
  assert.equal(await status('b', '2001:db8::1'), 401);
  assert.equal(await status('right-token', '192.0.2.3'), 429);
  assert.equal(await status('right-token', '192.0.2.1'), 200);
});

test('the addresses that have shown the right token are bounded: the one that did so least lately goes first', async (t) => {
  const { url } = await startTestControl(t, BOUNDED('total: 1, addresses: 2'));
  const status = async (token: string, from: string) => (await raw(url + LIST, bearer(token, from))).status;
  for (const from of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) await status('right-token', from);
  assert.equal(await status('a', '192.0.2.4'), 401);
  assert.equal(await status('right-token', '192.0.2.1'), 429);
  assert.equal(await status('right-token', '192.0.2.3'), 200);
});

test('without a token nothing is counted: whoever only looks at the sign-in page is not locked out', async (t) => {
  const { url } = await startTestControl(t, BOUNDED('perAddress: 1'));
  for (let i = 0; i < 3; i++) assert.equal((await raw(url + LIST)).status, 401);
  assert.equal((await raw(url + LIST, bearer('right-token', '127.0.0.1'))).status, 200);
});

test('the sign-in page says that it was tried too often', needs('chromium'), async (t) => {
  const { url } = await startTestControl(t, {
    control: `${CONTROL}, wrongTokens: { perAddress: 1, every: 10h }`,
  });
  const { page } = await openPage(await startBrowser(t));
  await page.goto(`${url}/`);
  await page.getByLabel('Token').fill('wrong-token');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('That is not the token.').waitFor();
  await page.getByLabel('Token').fill('right-token');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText(/Too many wrong tokens were sent. Try again in \d+ seconds./).waitFor();
});

test('what is told live ends after control.events.lasts for a session, which may be over by then', async (t) => {
  const { url } = await startTestControl(t, { control: `${CONTROL}, events: { lasts: 50ms }` });
  const { cookie } = await signedIn(url);
  // It rejects as the answer is cut, and would never end otherwise.
  await assert.rejects(raw(`${url}/api/v1/events`, { headers: { cookie } }), { code: 'ECONNRESET' });
});
