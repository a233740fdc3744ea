import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Identities } from '../../access/identity.js';
import { settingsOf } from '../../control/settings.js';
import { codeOf, configOf, raw, startTestControl } from '../kit/control.js';
import { silentLog } from '../kit/silent-log.js';

const STOP = '/api/v1/resources/hello/stop';
const LIST = '/api/v1/resources';
const JSON_TYPE = { 'content-type': 'application/json' };

test('curl, which sends no Origin, reads and stops without a token on loopback', async (t) => {
  const { url } = await startTestControl(t);
  assert.equal((await raw(url + LIST)).status, 200);
  assert.equal((await raw(url + STOP, { method: 'POST' })).status, 200);
  assert.equal((await raw(url + STOP, { method: 'POST', headers: JSON_TYPE, body: '{}' })).status, 200);
});

test('the form of another site is refused, by its origin and by its content type', async (t) => {
  const { url, plane } = await startTestControl(t);
  for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x']) {
    const form = { method: 'POST', body: '{"force":true}' };
    const modern = await raw(url + STOP, {
      ...form,
      headers: { 'content-type': type, origin: 'http://evil.example' },
    });
    assert.equal(codeOf(modern), 'CROSS_SITE');
    const old = await raw(url + STOP, { ...form, headers: { 'content-type': type } });
    assert.equal(codeOf(old), 'USAGE');
  }
  assert.deepEqual(plane.asked, []);
});

test('a script of another origin is refused, its preflight too, and gets no CORS header', async (t) => {
  const { url, plane } = await startTestControl(t);
  const origin = { origin: 'http://127.0.0.1:9999' };
  for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
    const answer = await raw(url + LIST, { method, headers: { ...origin, ...JSON_TYPE } });
    assert.equal(codeOf(answer), 'CROSS_SITE', method);
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  }
  assert.equal((await raw(url + LIST, { headers: { origin: 'null' } })).status, 403);
  assert.equal((await raw(url + LIST, { headers: { 'sec-fetch-site': 'cross-site' } })).status, 403);
  assert.equal(
    (await raw(url + STOP, { method: 'POST', headers: { 'sec-fetch-site': 'same-site' } })).status,
    403,
  );
  assert.deepEqual(plane.asked, []);
});

test('the page of the control address itself may call the API', async (t) => {
  const { url } = await startTestControl(t);
  const headers = { origin: url, 'sec-fetch-site': 'same-origin', ...JSON_TYPE };
  assert.equal((await raw(url + STOP, { method: 'POST', headers, body: '{}' })).status, 200);
});

test('a link of another site opens the page, but does not put it into a frame', async (t) => {
  const { url } = await startTestControl(t);
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  const page = await raw(`${url}/`, { headers: link });
  assert.equal(page.status, 200);
  assert.match(String(page.headers['content-security-policy']), /frame-ancestors 'none'/);
  assert.equal((await raw(`${url}/`, { headers: { ...link, 'sec-fetch-dest': 'iframe' } })).status, 403);
  assert.equal((await raw(url + STOP, { method: 'POST', headers: link })).status, 403);
});

test('a name that was pointed at this machine is refused (DNS rebinding)', async (t) => {
  const { url } = await startTestControl(t);
  const { port } = new URL(url);
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1.evil.example',
    'localhost.evil.example',
  ]) {
    assert.equal(codeOf(await raw(url + LIST, { headers: { host } })), 'CROSS_SITE', host);
  }
  for (const host of [`localhost:${port}`, `[::1]:${port}`, `127.0.0.1:${port}`, 'reveille.localhost']) {
    assert.equal((await raw(url + LIST, { headers: { host } })).status, 200, host);
  }
});

test('a token that is configured is required, on loopback too, for all but the health checks', async (t) => {
  t.after(() => delete process.env.TEST_CONTROL_TOKEN);
  process.env.TEST_CONTROL_TOKEN = 'correct-horse';
  const { url } = await startTestControl(t, {
    control: 'listen: 127.0.0.1:0, token: "${env:TEST_CONTROL_TOKEN}x"',
  });
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  for (const path of ['/', '/metrics', LIST, STOP]) {
    const answer = await raw(url + path);
    assert.equal(codeOf(answer), 'UNAUTHORIZED', path);
    assert.match(String(answer.headers['www-authenticate']), /^Bearer/);
  }
  for (const wrong of ['', 'x', 'correct', '${env:TEST_CONTROL_TOKEN}x']) {
    assert.equal((await raw(url + LIST, bearer(wrong))).status, 401, wrong);
  }
  assert.equal((await raw(url + LIST, bearer('correct-horsex'))).status, 200);
  assert.equal((await raw(`${url}/healthz`)).status, 200);
});

test('off loopback it does not start without a token, nor with an empty one', (t) => {
  const open = configOf(t, 'control: { listen: 127.0.0.1:0 }');
  open.control.listen = '0.0.0.0:8081';
  assert.throws(() => settingsOf(open, new Identities(silentLog)), { code: 'CONFIG_INVALID' });
  open.control.token = '${env:TEST_EMPTY}';
  assert.throws(() => settingsOf(open, new Identities(silentLog)), { code: 'REFERENCE_UNRESOLVED' });
  process.env.TEST_EMPTY = '';
  t.after(() => delete process.env.TEST_EMPTY);
  assert.throws(() => settingsOf(open, new Identities(silentLog)), { code: 'CONFIG_INVALID' });
});

test('a token that a reload brings in is required from then on', async (t) => {
  const { url, service, config } = await startTestControl(t);
  await service.reload({ ...config, control: { ...config.control, token: 'new-token' } });
  assert.equal((await raw(url + LIST)).status, 401);
  assert.equal((await raw(url + LIST, { headers: { authorization: 'Bearer new-token' } })).status, 200);
});

test('answers carry the headers that keep browsers strict, and do not name express', async (t) => {
  const { url } = await startTestControl(t);
  const { headers } = await raw(url + LIST);
  assert.equal(headers['x-powered-by'], undefined);
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['cache-control'], 'no-store');
  assert.match(String(headers['content-security-policy']), /default-src 'none'/);
});
