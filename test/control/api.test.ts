import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';
import type { ResourceDetails, ResourceList } from '../../control/contract.js';
import { ReveilleError } from '../../errors/index.js';
import { codeOf, HELLO, raw, readyState, startTestControl } from '../kit/control.js';

const API = '/api/v1/resources';
const post = (url: string, body?: object) =>
  raw(url, {
    method: 'POST',
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });

test('the list has every configured resource, and flags what is awake and has left the configuration', async (t) => {
  const { url, plane } = await startTestControl(t);
  plane.awake.set('gone', readyState('gone'));
  const { resources } = JSON.parse((await raw(url + API)).text) as ResourceList;
  assert.deepEqual(
    resources.map(({ name, phase, configured }) => ({ name, phase, configured })),
    [
      { name: 'gone', phase: 'ready', configured: false },
      { name: 'hello', phase: 'asleep', configured: true },
    ],
  );
  assert.equal(resources[1]?.url, 'http://127.0.0.1:8080/hello');
});

test('one resource that nobody can tell about does not spoil the list', async (t) => {
  const { url, plane } = await startTestControl(t);
  plane.statusFailure = new ReveilleError('NO_WORKER');
  const { resources } = JSON.parse((await raw(url + API)).text) as ResourceList;
  assert.equal(resources[0]?.phase, 'unknown');
  assert.equal(resources[0]?.trouble?.code, 'NO_WORKER');
});

test('a resource is shown with its state and its definition, without command and environment', async (t) => {
  const env =
    'resources: { hello: { provider: process, process: { command: [node, top-secret], env: { KEY: hush } } } }';
  const { url, plane } = await startTestControl(t, { text: env });
  plane.awake.set('hello', readyState('hello', { open: 3 }));
  const answer = await raw(`${url + API}/hello`);
  const shown = JSON.parse(answer.text) as ResourceDetails;
  assert.equal(shown.phase, 'ready');
  assert.equal(shown.status?.open, 3);
  assert.equal(shown.configuration?.idle.after, 15 * 60_000);
  assert.doesNotMatch(answer.text, /hush|top-secret/);
});

test('an unknown resource is told so, whatever its name', async (t) => {
  const { url, plane } = await startTestControl(t);
  for (const name of ['nothing', 'constructor', '__proto__', '..%2f..%2fetc', '%00', 'UPPER']) {
    assert.equal(codeOf(await raw(`${url + API}/${name}`)), 'RESOURCE_UNKNOWN', name);
    assert.equal(codeOf(await raw(`${url + API}/${name}/logs`)), 'RESOURCE_UNKNOWN', name);
    assert.equal(codeOf(await post(`${url + API}/${name}/wake`)), 'RESOURCE_UNKNOWN', name);
    assert.equal(codeOf(await post(`${url + API}/${name}/stop`)), 'RESOURCE_UNKNOWN', name);
  }
  assert.deepEqual(
    plane.asked.map(({ what }) => what),
    ['stop', 'stop'],
  );
});

test('a name with a slip of the finger is answered with the one that was meant', async (t) => {
  const { url } = await startTestControl(t);
  assert.match((await raw(`${url + API}/helo`)).text, /named \\"helo\\"\. Did you mean hello\?/);
  assert.doesNotMatch((await raw(`${url + API}/something-else`)).text, /Did you mean/);
});

test('actions reach the workflow with who asked for them', async (t) => {
  const { url, plane } = await startTestControl(t);
  plane.awake.set('hello', readyState('hello'));
  assert.equal((await post(`${url + API}/hello/wake`, { reason: 'demo' })).status, 202);
  assert.equal((await post(`${url + API}/hello/stop`, { then: 'suspend', force: true })).status, 202);
  assert.equal((await post(`${url + API}/hello/pin`)).status, 202);
  assert.equal((await post(`${url + API}/hello/unpin`)).status, 202);
  assert.equal((await raw(`${url + API}/hello?confirm=yes`, { method: 'DELETE' })).status, 202);
  const reason = 'by api, 127.0.0.1';
  assert.deepEqual(plane.asked, [
    { what: 'wake', name: 'hello', args: { reason: `demo (${reason})` } },
    { what: 'stop', name: 'hello', args: { reason, then: 'suspend', force: true } },
    { what: 'pin', name: 'hello', args: { reason } },
    { what: 'unpin', name: 'hello' },
    { what: 'stop', name: 'hello', args: { reason, then: 'delete' } },
  ]);
});

test('a pin for two hours ends two hours from now', async (t) => {
  const { url, plane } = await startTestControl(t);
  const before = Date.now();
  assert.equal((await post(`${url + API}/hello/pin`, { for: '2h' })).status, 202);
  const { until = 0 } = (plane.asked[0]?.args ?? {}) as { until?: number };
  assert.ok(until >= before + 7_200_000 && until <= Date.now() + 7_200_000);
});

test('what is misspelt or wrong is refused with the name of the field', async (t) => {
  const { url, plane } = await startTestControl(t);
  const wrong: [string, object, RegExp][] = [
    ['stop', { forced: true }, /unknown field in the body: forced/],
    ['stop', { then: 'explode' }, /body\.then: expected stop, suspend or delete/],
    ['stop', { force: 'yes' }, /body\.force: expected true or false/],
    ['pin', { for: 'long' }, /body\.for: expected a duration/],
    ['pin', { until: '2001-01-01T00:00:00Z' }, /is over/],
    ['pin', { for: '1h', until: '2100-01-01T00:00:00Z' }, /either for or until/],
    ['wake', { reason: 'a\nb' }, /body\.reason: expected no control characters/],
    ['wake?now=1', {}, /unknown field in the query: now/],
  ];
  for (const [path, body, expected] of wrong) {
    const answer = await post(`${url + API}/hello/${path}`, body);
    assert.equal(answer.status, 400);
    assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
    assert.match((JSON.parse(answer.text) as { detail: string }).detail, expected);
  }
  assert.deepEqual(plane.asked, []);
});

test('broken JSON, a body of more than 64 KiB and a delete without confirmation are refused', async (t) => {
  const { url, plane } = await startTestControl(t);
  const headers = { 'content-type': 'application/json' };
  const stop = `${url + API}/hello/stop`;
  assert.equal(codeOf(await raw(stop, { method: 'POST', headers, body: '{"force"' })), 'USAGE');
  const large = JSON.stringify({ reason: 'x'.repeat(65_536) });
  assert.equal(codeOf(await raw(stop, { method: 'POST', headers, body: large })), 'USAGE');
  assert.equal(codeOf(await raw(`${url + API}/hello`, { method: 'DELETE' })), 'USAGE');
  assert.deepEqual(plane.asked, []);
});

test('a wake that is waited for answers when ready, and with the failure and its log when not', async (t) => {
  const { url, plane } = await startTestControl(t);
  const waited = await post(`${url + API}/hello/wake?wait=true`);
  assert.deepEqual(JSON.parse(waited.text), { name: 'hello', action: 'wake', phase: 'ready' });
  plane.ready = async () => {
    throw new ReveilleError('BOOT_FAILED', 'no such program', { log: 'last words' });
  };
  const failed = await post(`${url + API}/hello/wake`, { wait: true });
  assert.equal(failed.status, 503);
  assert.equal(codeOf(failed), 'BOOT_FAILED');
  assert.match(failed.text, /last words/);
});

test('a stop waits until asleep, is content where it was asleep, and ends its wait at the bound', async (t) => {
  const { url, plane } = await startTestControl(t, { text: `proxy: { hold: { time: 50ms } }\n${HELLO}` });
  assert.equal((await post(`${url + API}/hello/stop`, { wait: true })).status, 200);
  plane.awake.set('hello', readyState('hello'));
  assert.deepEqual(JSON.parse((await post(`${url + API}/hello/stop`, { wait: true })).text), {
    name: 'hello',
    action: 'stop',
    phase: 'asleep',
  });
  plane.asleep = () => new Promise(() => {});
  assert.equal(codeOf(await post(`${url + API}/hello/stop`, { wait: true })), 'STOP_FAILED');
});

test('a caller that goes away ends its wait', async (t) => {
  const { url, plane } = await startTestControl(t);
  let begun: (signal: AbortSignal) => void = () => {};
  const waiting = new Promise<AbortSignal>((resolve) => {
    begun = resolve;
  });
  plane.ready = (_name, signal) => {
    begun(signal);
    return new Promise(() => {});
  };
  const caller = request(`${url + API}/hello/wake?wait=true`, { method: 'POST', agent: false });
  caller.on('error', () => {});
  caller.end();
  const signal = await waiting;
  caller.destroy();
  if (!signal.aborted) await once(signal, 'abort');
});

test('with Temporal down or hanging the API says so in bounded time, with Retry-After', async (t) => {
  const { url, plane } = await startTestControl(t);
  for (const failure of [
    'hang',
    new ReveilleError('TEMPORAL_UNREACHABLE', 'down', { retryInMs: 1000 }),
  ] as const) {
    plane.failure = failure;
    const answers = [
      await raw(url + API),
      await raw(`${url + API}/hello`),
      await post(`${url + API}/hello/wake`),
    ];
    for (const answer of answers) {
      assert.equal(answer.status, 503);
      assert.equal(codeOf(answer), 'TEMPORAL_UNREACHABLE');
      assert.match(String(answer.headers['retry-after']), /^[1-9]$/);
    }
  }
});

test('a delete reaches what is asleep, too: it may be suspended or have left files', async (t) => {
  const { url, plane } = await startTestControl(t);
  assert.equal((await raw(`${url + API}/hello?confirm=yes`, { method: 'DELETE' })).status, 202);
  assert.deepEqual(
    plane.asked.map(({ what }) => what),
    ['stop', 'remove'],
  );
});
