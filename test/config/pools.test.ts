import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ConfigError, loadConfig, parseConfig } from '../../config/index.js';
import { tempFolder } from '../kit/scripts.js';

const APP = 'provider: process, process: { command: [x] }';
const issues = (run: () => unknown): string[] => {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.issues.map(({ key, message }) => `${key}: ${message}`);
    throw error;
  }
  return [];
};
const resource = (rest: string, more = '') =>
  issues(() => parseConfig(`resources: { app: { ${APP}, ${rest} } ${more} }`, 'reveille.yaml'));

test('pools that make sense are taken', () => {
  assert.deepEqual(resource('pool: { max: 3 }, routes: [{ path: /x }, { tcp: 2222 }]'), []);
  assert.deepEqual(
    resource('pool: { key: ["{pr}"] }, routes: [{ host: "{pr}.example.org" }, { path: "/p/{pr}" }]'),
    [],
  );
  assert.deepEqual(
    issues(() =>
      parseConfig(`resources: { a: { ${APP} } }\npools: { p: { members: [a], routes: [{ path: / }] } }`, 'f'),
    ),
    [],
  );
});

for (const [what, rest, expected] of [
  ['a capture without a key', 'routes: [{ path: "/{x}" }]', /routes\[0\]: \{x\} is no part of pool\.key/],
  [
    'a route that lacks a capture',
    'pool: { key: ["{x}"] }, routes: [{ path: /a }]',
    /\{x\} of pool\.key is not captured/,
  ],
  [
    'two captures in one segment',
    'pool: { key: ["{x}"] }, routes: [{ path: "/{x}-{y}" }]',
    /is not a path to route by/,
  ],
  ['a key that is neither a capture nor verified', 'pool: { key: [x] }', /is not a part of a key/],
  ['a capture by a name that commands know otherwise', 'pool: { key: ["{port}"] }', /is not a part of a key/],
  ['one name for a capture and a user', 'pool: { key: ["{user}", user] }', /user stands here twice/],
  ['a user whom nobody verifies', 'pool: { key: [user] }', /proxy\.identity is missing/],
  ['a key at a TCP door', 'pool: { key: ["{x}"] }, routes: [{ tcp: 22 }]', /nothing of a key is known/],
  ['a port for all members', 'pool: { max: 2 }, endpoint: { port: 80 }', /cannot share a port/],
  ['min over max', 'pool: { min: 3, max: 2 }', /3 is more than pool\.max/],
  ['a pattern that is none', 'pool: { key: ["{x}"], allow: "(" }', /is not a pattern/],
  ['key and max together', 'pool: { key: ["{x}"], max: 3 }', /exclude each other/],
] as const) {
  test(`${what} is an error that names the key`, () => {
    const found = resource(rest);
    assert.ok(
      found.some((issue) => expected.test(issue)),
      found.join('\n'),
    );
  });
}

test('a resource that is called as a member could be is an error', () => {
  const found = resource('pool: { max: 2 }', `, app--x: { ${APP} }`);
  assert.match(found.join(), /app--x is what a member of the pool app may be called/);
});

test('members that are not there, pools themselves, or there twice, are errors', () => {
  const text = `resources: { a: { ${APP} }, t: { ${APP}, pool: { max: 2 } } }
pools: { p: { members: [a, nobody, t, a] }, a: { members: [a] } }`;
  const found = issues(() => parseConfig(text, 'f')).join('\n');
  assert.match(found, /pools\.p\.members\[1\]: nobody is no resource/);
  assert.match(found, /pools\.p\.members\[2\]: t is a pool itself/);
  assert.match(found, /pools\.p\.members\[3\]: a stands here twice/);
  assert.match(found, /pools\.a: a is also the name of a resource/);
});

const TEMPLATE = `resources: { app: { ${APP}, pool: { key: ["{pr}"] }, routes: [{ path: "/p/{pr}" }] }, other: { ${APP}, routes: [{ path: /p/taken }] } }`;

/** A configuration with files in resources.d. */
function site(t: TestContext, files: Record<string, string>): string {
  const folder = tempFolder(t);
  writeFileSync(join(folder, 'reveille.yaml'), TEMPLATE);
  mkdirSync(join(folder, 'resources.d'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'resources.d', name), text);
  return join(folder, 'reveille.yaml');
}

test('a file of resources.d is a resource: the template with its parameters and routes filled in', (t) => {
  const file = site(t, {
    'fixed.yaml': 'template: app\nparams: { pr: "7", tier: gold }',
    'notes.txt': 'x',
    '.hidden.yaml': '{',
  });
  const { resources } = loadConfig(file);
  assert.deepEqual(Object.keys(resources), ['app', 'other', 'fixed']);
  assert.deepEqual(resources.fixed?.params, { pr: '7', tier: 'gold' });
  assert.deepEqual(resources.fixed?.routes, [{ path: '/p/7', strip: false }]);
  assert.equal(resources.fixed?.pool, undefined);
});

for (const [what, files, expected] of [
  ['of no template', { 'x.yaml': 'template: nobody' }, /x\.yaml:1:\d+ template: there is no pool nobody/],
  ['of a template that is no pool', { 'x.yaml': 'template: other' }, /there is no pool other/],
  ['without a part of the key', { 'x.yaml': 'template: app' }, /pr of the pool's key is missing/],
  [
    'with a value that the pool does not allow',
    { 'x.yaml': 'template: app\nparams: { pr: "../x" }' },
    /does not allow/,
  ],
  [
    'with a key of its own',
    { 'x.yaml': 'template: app\ncommand: [evil]' },
    /x\.yaml:2:1 command: unknown key/,
  ],
  ['with a name that is none', { 'X_Y.yaml': 'template: app' }, /X_Y is not a name for a resource/],
  [
    'by the name of a resource',
    { 'other.yaml': 'template: app' },
    /other stands in the configuration already/,
  ],
  ['called as a member', { 'app--x.yaml': 'template: app\nparams: { pr: x }' }, /app--x is what a member/],
  [
    'at the route of another',
    { 'x.yaml': 'template: app\nparams: { pr: taken }' },
    /x\.yaml.*already leads to other/,
  ],
  ['broken', { 'x.yaml': 'template: [' }, /x\.yaml/],
] as const) {
  test(`a file of resources.d ${what} is refused, and named`, (t) => {
    assert.throws(() => loadConfig(site(t, files)), expected);
  });
}
