import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { BootRequest } from '../../activities/providers/contract.js';
import { HttpProvider } from '../../activities/providers/http/provider.js';
import { endpointsIn, fillBody, fillPath } from '../../activities/providers/http/template.js';
import { configSchema, parseConfig } from '../../config/index.js';
import { eventually } from '../kit/conditions.js';
import { silentLog } from '../kit/silent-log.js';

interface Call {
  line: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** How the service answers: a status and a body; 'never': not at all. */
type Reply = [status: number, body?: unknown] | 'never';

/** A service that answers with what stands in a list, one after the other, and a provider for it. */
async function bench(t: TestContext, answers: Reply[], http: object = {}) {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    calls.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
    const answer = answers.shift() ?? [404];
    if (answer === 'never') return;
    const [status, said] = answer;
    response.writeHead(status).end(said === undefined ? '' : JSON.stringify(said));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'reveille-http-'));
  t.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const resources = {
    lab: { provider: 'http', http: { preset: 'atmosphere', url, interval: '10ms', ...http } },
  };
  const config = { ...configSchema.parse({ resources }), file: undefined, folder: '/' };
  const worker = () => new HttpProvider({ config, stateDir: folder, host: 'h', log: silentLog });
  const definition = config.resources.lab;
  assert.ok(definition);
  const params = { groups: 'g1' };
  const request: BootRequest = { name: 'lab', params, generation: 7, revision: 'r', definition };
  const beats: (string | undefined)[] = [];
  const context = { signal: AbortSignal.timeout(10_000), heartbeat: (text?: string) => beats.push(text) };
  return { provider: worker(), worker, request, context, calls, beats };
}

const STOP = { then: 'stop', force: false } as const;
const lines = (calls: readonly Call[]): string[] => calls.map(({ line }) => line);
const LOOK = 'GET /get_vm/lab/for_user_with_groups/g1';
const SPAWN = 'POST /span_as/lab/for_user_with_groups/g1';

test('SP3, SP4, SP5: looked up, spawned, and looked up until there is a URL', async (t) => {
  const all = await bench(t, [[404], [202, 'booting'], [404], [200, ['http://10.0.0.1:81/']]]);
  const { instance, adopted } = await all.provider.boot(all.request, all.context);
  assert.deepEqual(
    [instance.id, instance.endpoint, adopted],
    ['10.0.0.1:81', { host: '10.0.0.1', port: 81 }, false],
  );
  assert.deepEqual(lines(all.calls), [LOOK, SPAWN, LOOK, LOOK]);
  assert.equal(all.calls[1]?.headers['idempotency-key'], 'lab-7');
});

test('what runs already is taken and nothing spawned', async (t) => {
  const all = await bench(t, [[200, ['http://10.0.0.1']]]);
  const { instance, adopted } = await all.provider.boot(all.request, all.context);
  assert.deepEqual([instance.endpoint.port, adopted, lines(all.calls)], [80, true, [LOOK]]);
});

test('SPF5: a boot that goes on after its worker was lost looks up, and does not spawn again', async (t) => {
  const all = await bench(t, [[404], [404], [200, ['http://10.0.0.1']]]);
  await all.provider.boot(all.request, { ...all.context, before: 'spawned' });
  assert.deepEqual(lines(all.calls), [LOOK, LOOK, LOOK]);
});

test('SPF5: a spawn whose worker died before it heard the answer is waited for, and not sent again', async (t) => {
  const all = await bench(t, [[404], 'never', [404], [200, ['http://10.0.0.1']]]);
  const killed = new AbortController();
  const lost = all.provider.boot(all.request, { ...all.context, signal: killed.signal });
  await eventually('it is sent', () => all.calls.length === 2);
  killed.abort(new Error('the worker is gone'));
  await assert.rejects(lost, /the worker is gone/);
  const { adopted } = await all.worker().boot(all.request, all.context);
  assert.deepEqual([adopted, lines(all.calls)], [false, [LOOK, SPAWN, LOOK, LOOK]]);
});

test('SPF5: a service that knows the key of a spawn has it sent again where nobody knows what became of it', async (t) => {
  const answers: Reply[] = [[404], 'never', [404], [202], [200, ['http://10.0.0.1']]];
  const all = await bench(t, answers, { idempotent: true, timeout: '200ms' });
  await all.provider.boot(all.request, all.context);
  assert.deepEqual(lines(all.calls), [LOOK, SPAWN, LOOK, SPAWN, LOOK]);
  assert.deepEqual(
    [all.calls[1]?.headers['idempotency-key'], all.calls[3]?.headers['idempotency-key']],
    Array(2).fill('lab-7'),
  );
});

test('what an execution spawned that was ended from outside is waited for by the next, and awaited no more once it was stopped', async (t) => {
  const answers: Reply[] = [[404], [202], 'never', [404], [200, ['http://10.0.0.1']]];
  const all = await bench(t, answers);
  const ended = new AbortController();
  const now = Date.now();
  const first = all.provider.boot(
    { ...all.request, generation: now },
    { ...all.context, signal: ended.signal },
  );
  await eventually('it is spawned', () => all.calls.length === 3);
  ended.abort(new Error('terminated'));
  await assert.rejects(first, /terminated/);
  await all.provider.boot({ ...all.request, generation: 8 + now }, all.context);
  assert.deepEqual(lines(all.calls), [LOOK, SPAWN, LOOK, LOOK, LOOK]);
  await all.provider.stop({ ...all.request, generation: 8 + now }, undefined, STOP, all.context);
  answers.push([404], [202], [200, ['http://10.0.0.1']]);
  await all.provider.boot({ ...all.request, generation: 9 + now }, all.context);
  assert.deepEqual(lines(all.calls).slice(5), [LOOK, SPAWN, LOOK]);
});

test('what has ended by itself fails the boot at once with what the service says of it; what ended before does not', async (t) => {
  const all = await bench(t, [[410, 'an old one'], [202], [410, 'no disk found']]);
  await assert.rejects(all.provider.boot(all.request, all.context), {
    code: 'INSTANCE_DIED',
    message: /410: "no disk found"/,
    log: '"no disk found"',
  });
});

test('a stop that is answered by 202 lasts until the instance is not named any more', async (t) => {
  const stop = { method: 'DELETE', path: '/vm/{id}' };
  const lookup = { method: 'GET', path: '/vm/{resource}', endpoint: '/at', id: '/id' };
  const machine = (id: string) => ({ id, at: '10.0.0.1:80' });
  const all = await bench(
    t,
    [[200, machine('m1')], [202], [200, machine('m1')], [503], [200, machine('m2')]],
    { stop, lookup },
  );
  const { instance } = await all.provider.boot(all.request, all.context);
  assert.equal(instance.id, 'm1');
  await all.provider.stop(all.request, instance, STOP, all.context);
  assert.deepEqual(lines(all.calls), ['GET /vm/lab', 'DELETE /vm/m1', ...Array(3).fill('GET /vm/lab')]);
});

test('{key} names a spawn in paths, bodies and fields', async (t) => {
  const spawn = { method: 'PUT', path: '/vm/{key}', body: { name: '{key}' } };
  const headers = { 'X-Request-Key': '{key}' };
  const all = await bench(t, [[404], [202], [200, ['http://10.0.0.1']]], { spawn, headers });
  await all.provider.boot(all.request, all.context);
  const { line, body, headers: sent } = all.calls[1] ?? {};
  assert.deepEqual([line, body, sent?.['x-request-key']], ['PUT /vm/lab-7', '{"name":"lab-7"}', 'lab-7']);
});

test('what the service lists is found, of the resources that there are', async (t) => {
  const list = { method: 'GET', path: '/all', items: '/vms', name: '/tags/name', endpoint: '/at', id: '/id' };
  const vms = [
    { tags: { name: 'lab' }, at: 'http://10.0.0.1:81', id: 5 },
    { tags: { name: 'other' }, at: '10.0.0.2:80', id: 6 },
    { tags: { name: 'lab' }, at: null, id: 7 },
  ];
  const all = await bench(t, [[200, { vms }], [500]], { list });
  const endpoint = { host: '10.0.0.1', port: 81 };
  assert.deepEqual(await all.provider.list(all.context), [
    { name: 'lab', state: 'running', instance: { id: '5', endpoint, generation: 0 } },
  ]);
  assert.deepEqual(await all.provider.list(all.context), [], 'a service that is away keeps nobody up');
});

test('SPF4: a service that is busy or fails is asked again; a spawn that was not taken is sent again', async (t) => {
  const all = await bench(t, [[500], [429], [404], [503], [404], [202], [200, ['http://10.0.0.1']]]);
  await all.provider.boot(all.request, all.context);
  assert.deepEqual(lines(all.calls), [LOOK, LOOK, LOOK, SPAWN, LOOK, SPAWN, LOOK]);
});

test('SPF4: an answer that nobody expects fails the boot, with what it said', async (t) => {
  const all = await bench(t, [[403, { error: 'no such project' }]]);
  await assert.rejects(all.provider.boot(all.request, all.context), {
    code: 'BOOT_FAILED',
    message: 'the service answered the look-up with 403: {"error":"no such project"}',
  });
});

test('SPF7: of several URLs the first that takes a connection serves', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const all = await bench(t, [[200, ['http://127.0.0.1:1', `http://127.0.0.1:${port}`]]]);
  assert.equal((await all.provider.boot(all.request, all.context)).instance.endpoint.port, port);
});

test('a stop that is not taken is an error; what is gone is stopped', async (t) => {
  const stop = { method: 'DELETE', path: '/vm/{resource}/{generation}' };
  const all = await bench(t, [[500], [409, 'busy'], [404], [204]], { stop });
  const end = () => all.provider.stop(all.request, undefined, STOP, all.context);
  await assert.rejects(end(), { code: 'STOP_FAILED' });
  await assert.rejects(end(), { code: 'STOP_FAILED' });
  await end();
  await end();
  assert.deepEqual(
    lines(all.calls),
    Array(3).fill('DELETE /vm/lab/7'),
    'what has succeeded is not asked again',
  );
});

test('secrets come by reference, and stand in no log', async (t) => {
  process.env.CLOUD_TOKEN = 'top-secret-token';
  t.after(() => delete process.env.CLOUD_TOKEN);
  const headers = { authorization: 'Bearer ${env:CLOUD_TOKEN}' };
  const all = await bench(t, [[403, 'you are top-secret-token']], { headers });
  await assert.rejects(all.provider.boot(all.request, all.context), /you are \*\*\*/);
  assert.equal(all.calls[0]?.headers.authorization, 'Bearer top-secret-token');
  const log = await all.provider.logTail(all.request, 10_000);
  assert.match(log, /you are \*\*\*/);
  assert.doesNotMatch(log, /top-secret/);
});

test('a secret in plain words is refused', () => {
  const http = '{ preset: atmosphere, url: "http://cloud", headers: { Authorization: Bearer abc } }';
  assert.throws(
    () => parseConfig(`resources: { lab: { provider: http, http: ${http} } }`, 'r.yaml'),
    /Authorization: "Bearer abc" is not a secret by reference; expected a reference such as Bearer \$\{env:TOKEN\}/,
  );
});

test('without a preset the calls have to be there', () => {
  assert.throws(
    () => parseConfig('resources: { lab: { provider: http, http: { url: "http://cloud" } } }', 'r.yaml'),
    /http\.lookup: is missing; expected a call, or a preset\n.*http\.spawn: is missing/,
  );
});

test('what clients choose is one segment of a path, and one text of a body', () => {
  const values = { as: 'a/b?c=d&e#f%', groups: 'g1,g2' };
  assert.equal(fillPath('/vm/{as}/{groups}', values), '/vm/a%2Fb%3Fc%3Dd%26e%23f%25/g1,g2');
  for (const up of ['.', '..'])
    assert.throws(() => fillPath('/vm/{as}/x', { as: up }), { code: 'BOOT_FAILED' });
  assert.throws(() => fillPath('/vm/{what}', values), { code: 'BOOT_FAILED' });
  const body = fillBody({ name: 'vm-{as}', list: ['{as}', 1] }, { as: '", "admin": true, "x": "{groups}' });
  assert.deepEqual(JSON.parse(JSON.stringify(body)), {
    name: 'vm-", "admin": true, "x": "{groups}',
    list: ['", "admin": true, "x": "{groups}', 1],
  });
});

test('the endpoint is where the pointer says', () => {
  const answer = { vms: [{ 'a/b': 'http://[::1]:8080/x' }, { 'a/b': '10.0.0.2:22' }] };
  assert.deepEqual(endpointsIn(answer, '/vms/0/a~1b'), [{ host: '::1', port: 8080 }]);
  assert.deepEqual(endpointsIn(answer, '/vms/1/a~1b'), [{ host: '10.0.0.2', port: 22 }]);
  assert.deepEqual([endpointsIn(answer, '/vms/9'), endpointsIn(['ftp://x', 7], '')], [[], []]);
});
