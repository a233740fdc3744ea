import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { memberName } from '../../config/index.js';
import type { ResourceDetails, ResourceList } from '../../control/contract.js';
import { codeOf, type RawAnswer, raw, readyState, startTestControl } from '../kit/control.js';

const API = '/api/v1/resources';
const TEXT = `resources:
  app:
    provider: process
    process: { command: [node] }
    pool: { key: ["{pr}"] }
    routes: [{ path: "/p/{pr}" }]
  plain: { provider: process, process: { command: [node] }, routes: [{ path: /p/taken }] }
pools: { pair: { members: [plain], routes: [{ path: /pair }] } }`;
const start = (t: Parameters<typeof startTestControl>[0]) => startTestControl(t, { text: TEXT });
const send = (method: string, url: string, body?: unknown): Promise<RawAnswer> =>
  raw(url, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });

test('a member is woken by its name: with what the name says, or what its last execution was made from', async (t) => {
  const { url, plane } = await start(t);
  assert.equal((await send('POST', `${url + API}/app--42/wake`)).status, 202);
  const odd = memberName('app', { pr: 'A.b' });
  assert.equal(codeOf(await send('POST', `${url + API}/${odd}/wake`)), 'RESOURCE_UNKNOWN');
  plane.lastRuns.set(odd, { params: { pr: 'A.b' } });
  assert.equal((await send('POST', `${url + API}/${odd}/wake`)).status, 202);
  plane.lastRuns.set(odd, { params: { pr: 'forged' } });
  assert.equal(codeOf(await send('POST', `${url + API}/${odd}/pin`)), 'RESOURCE_UNKNOWN');
  const told = plane.asked.map(({ name, args }) => [name, (args as { params?: object }).params]);
  assert.deepEqual(told, [
    ['app--42', { pr: '42' }],
    [odd, { pr: 'A.b' }],
  ]);
});

test('a pool is no resource: what is asked of it is refused by name', async (t) => {
  const { url } = await start(t);
  for (const name of ['app', 'pair']) {
    for (const action of ['wake', 'stop', 'pin']) {
      assert.equal(
        codeOf(await send('POST', `${url + API}/${name}/${action}`)),
        'POOL_NAMED',
        `${name} ${action}`,
      );
    }
    assert.equal(codeOf(await raw(`${url + API}/${name}/logs`)), 'POOL_NAMED');
  }
});

test('the list has a line for the pool and one for each member that is awake, with its own address', async (t) => {
  const { url, plane } = await start(t);
  const list = async () => (JSON.parse((await raw(url + API)).text) as ResourceList).resources;
  assert.deepEqual(
    (await list()).map(({ name, phase, members }) => [name, phase, members]),
    [
      ['app', 'asleep', 0],
      ['pair', 'asleep', 0],
      ['plain', 'asleep', undefined],
    ],
  );
  plane.awake.set('app--42', readyState('app--42', { params: { pr: '42' } }));
  const lines = await list();
  assert.deepEqual(
    lines.map(({ name, phase, members, configured }) => [name, phase, members, configured]),
    [
      ['app', 'ready', 1, true],
      ['app--42', 'ready', undefined, true],
      ['pair', 'asleep', 0, true],
      ['plain', 'asleep', undefined, true],
    ],
  );
  assert.equal(lines[0]?.url, undefined);
  assert.match(lines[1]?.url ?? '', /\/p\/42$/);
  const member = JSON.parse((await raw(`${url + API}/app--42`)).text) as ResourceDetails;
  assert.deepEqual([member.provider, member.status?.params], ['process', { pr: '42' }]);
  assert.match(member.configuration?.routes[0] ?? '', /\/p\/42$/);
});

test('a pool of resources is shown by its name, with its route, and is awake where a member is', async (t) => {
  const { url, plane } = await start(t);
  const pair = async () => JSON.parse((await raw(`${url + API}/pair`)).text) as ResourceDetails;
  const asleep = await pair();
  assert.deepEqual([asleep.phase, asleep.members, asleep.configured], ['asleep', 0, true]);
  assert.match(asleep.url ?? '', /\/pair$/);
  assert.equal(asleep.workflow.url, undefined, 'no execution is called like a pool');
  plane.awake.set('plain', readyState('plain'));
  const awake = await pair();
  assert.deepEqual([awake.phase, awake.members], ['ready', 1]);
});

test('PUT makes a resource of a template: a file beside the configuration, applied by a reload', async (t) => {
  const { url, config } = await start(t);
  const definition = { template: 'app', params: { pr: '7' } };
  const made = await send('PUT', `${url + API}/seven`, definition);
  assert.equal(made.status, 201);
  assert.deepEqual(JSON.parse(made.text), { name: 'seven', action: 'put' });
  const shown = JSON.parse((await raw(`${url + API}/seven`)).text) as ResourceDetails;
  assert.match(shown.url ?? '', /\/p\/7$/);
  assert.equal((await send('PUT', `${url + API}/seven`, { ...definition, params: { pr: '8' } })).status, 200);
  const folder = join(config.folder, 'resources.d');
  assert.deepEqual(readdirSync(folder), ['seven.yaml']);
  assert.match(readFileSync(join(folder, 'seven.yaml'), 'utf8'), /pr: "8"/);
});

test('PUT takes routes as a file does: a TCP door, with its durations and sizes', async (t) => {
  const { url } = await start(t);
  const routes = [{ tcp: '127.0.0.1:2201', wakeWithin: '3s', buffer: '8KiB' }, { tcp: 2202 }];
  const made = await send('PUT', `${url + API}/door`, { template: 'app', params: { pr: '7' }, routes });
  assert.equal(made.status, 201, made.text);
  const shown = JSON.parse((await raw(`${url + API}/door`)).text) as ResourceDetails;
  assert.deepEqual(
    shown.configuration?.routes.map((route) => route.replace(/.*:/, '')),
    ['2201', '2202'],
  );
});

test('PUT says what is wrong with a name, a value and a body, in words of the configuration', async (t) => {
  const { url } = await start(t);
  const body = { template: 'app', params: { pr: '7' } };
  const wrong: [string, unknown, RegExp][] = [
    ['Big', body, /"Big" is no name for a resource: 1 to 63 of a-z/],
    ['x', { template: 'app', params: { pr: 'a\nb' } }, /params\.pr: .* is not a value; expected 1 to 1,000/],
    ['x', undefined, /template: is missing/],
  ];
  for (const [name, given, expected] of wrong) {
    const answer = await send('PUT', `${url + API}/${name}`, given);
    assert.equal(codeOf(answer), 'USAGE');
    assert.match((JSON.parse(answer.text) as { detail: string }).detail, expected);
  }
});

for (const [what, name, body] of [
  ['no template', 'x', { params: {} }],
  ['a command', 'x', { template: 'app', params: { pr: '1' }, process: { command: ['evil'] } }],
  ['a template that is none', 'x', { template: 'plain' }],
  ['a value that is not allowed', 'x', { template: 'app', params: { pr: '../../x' } }],
  ['a variable that is no parameter', 'x', { template: 'app', params: { pr: '1', 'LD_PRELOAD=x': 'y' } }],
  ['a variable of Reveille’s own', 'x', { template: 'app', params: { pr: '1', host: 'evil' } }],
  ['the name of a resource', 'plain', { template: 'app', params: { pr: '1' } }],
  ['the name of a member', 'app--x', { template: 'app', params: { pr: 'x' } }],
  ['the route of another', 'x', { template: 'app', params: { pr: 'taken' } }],
] as const) {
  test(`PUT with ${what} is refused, and nothing is written`, async (t) => {
    const { url, config } = await start(t);
    const answer = await send('PUT', `${url + API}/${name}`, body);
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'USAGE'], answer.text);
    assert.ok(!existsSync(join(config.folder, 'resources.d')));
  });
}

test('of two PUTs at once for one route one is refused', async (t) => {
  const { url } = await start(t);
  const put = (name: string) => send('PUT', `${url + API}/${name}`, { template: 'app', params: { pr: '7' } });
  const statuses = (await Promise.all([put('one'), put('two')])).map(({ status }) => status);
  assert.deepEqual(statuses.sort(), [201, 400]);
});

test('PUT is guarded as all of the control address is', async (t) => {
  const { url, config } = await start(t);
  const body = JSON.stringify({ template: 'app', params: { pr: '7' } });
  const put = (headers: Record<string, string>) => raw(`${url + API}/x`, { method: 'PUT', headers, body });
  assert.equal((await put({ 'content-type': 'text/plain' })).status, 400);
  const json = { 'content-type': 'application/json' };
  assert.equal((await put({ ...json, origin: 'http://evil.example' })).status, 403);
  assert.equal((await put({ ...json, host: 'evil.example' })).status, 403);
  assert.ok(!existsSync(join(config.folder, 'resources.d')));
});

test('DELETE takes a resource that PUT made out, once nothing of it runs, and its file with it', async (t) => {
  const { url, plane, config } = await start(t);
  await send('PUT', `${url + API}/seven`, { template: 'app', params: { pr: '7' } });
  const file = join(config.folder, 'resources.d', 'seven.yaml');
  plane.asleep = async () => assert.ok(existsSync(file), 'the definition is there until it sleeps');
  const answer = await send('DELETE', `${url + API}/seven?confirm=yes`);
  assert.deepEqual([answer.status, JSON.parse(answer.text).phase], [200, 'asleep']);
  assert.deepEqual(
    plane.asked.map(({ what, name }) => [what, name]),
    [['remove', 'seven']],
  );
  assert.ok(!existsSync(file));
  assert.equal(codeOf(await raw(`${url + API}/seven`)), 'RESOURCE_UNKNOWN');
});
