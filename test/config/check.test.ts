import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkCommand } from '../../cli/check.js';
import { hello } from '../kit/config-text.js';
import { tempFolder } from '../kit/scripts.js';

function file(context: TestContext, text: string): string {
  const path = join(tempFolder(context), 'r.yaml');
  writeFileSync(path, text);
  return path;
}

test('check prints what a valid file says', (context) => {
  const text = `resources:\n${hello}    idle: { after: 30s }\n    routes: [{ path: /hello }, { host: h.org }]\n`;
  const { exitCode, stdout, stderr } = checkCommand(file(context, text));
  assert.equal(exitCode, 0);
  assert.equal(stderr, '');
  assert.match(stdout, /^hello +process +30s +10s +10m +\/hello, h\.org\/$/m);
});

test('check lists pools with their routes, and says of their members how requests find them', (context) => {
  const text = `resources:\n${hello}pools:\n  desk: { members: [hello], routes: [{ path: /desk }] }\n`;
  const { stdout } = checkCommand(file(context, text));
  assert.match(stdout, /^hello +process .* pool desk$/m);
  assert.match(stdout, /^desk +pool +\/desk$/m);
  const { pools } = JSON.parse(checkCommand(file(context, text), { json: true }).stdout);
  assert.deepEqual(pools, [{ name: 'desk', members: ['hello'], routes: ['/desk'] }]);
});

test('check prints every mistake and exits with 1', (context) => {
  const { exitCode, stdout, stderr } = checkCommand(file(context, 'onExit: x\npictures: {}\n'));
  assert.equal(exitCode, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /r\.yaml:1:9 onExit: .*\n.*r\.yaml:2:1 pictures: .*\n2 errors\n$/);
});

test('check --json prints one object, valid or not', (context) => {
  const good = checkCommand(file(context, `resources:\n${hello}`), { json: true });
  const told = JSON.parse(good.stdout);
  assert.equal(told.valid, true);
  assert.equal(told.resources[0].name, 'hello');
  const bad = checkCommand(file(context, 'onExit: x\n'), { json: true });
  const { valid, code, issues } = JSON.parse(bad.stdout);
  assert.deepEqual([bad.exitCode, valid, code], [1, false, 'CONFIG_INVALID']);
  assert.deepEqual([issues[0].key, issues[0].line, issues[0].column], ['onExit', 1, 9]);
  assert.equal(bad.stderr, '');
});

test('a file that is not there is told with what to do', (context) => {
  const { exitCode, stderr } = checkCommand(join(tempFolder(context), 'none.yaml'));
  assert.equal(exitCode, 1);
  assert.match(stderr, /none\.yaml cannot be read \(ENOENT\)\n.*--config/);
});

test('a variable that is not set here is a warning, for the worker may have it', (context) => {
  const text = 'secret: "${env:REVEILLE_TEST_NOT_SET}"\n';
  const { exitCode, stderr } = checkCommand(file(context, text));
  assert.equal(exitCode, 0);
  assert.match(stderr, /^warning: secret: \$\{env:REVEILLE_TEST_NOT_SET\}: /);
});

test('a folder of pages that is not here is a warning, for the proxy may have it', (context) => {
  const { exitCode, stderr } = checkCommand(file(context, 'proxy: { waiting: { folder: nowhere } }\n'));
  assert.equal(exitCode, 0);
  assert.match(stderr, /^warning: proxy\.waiting\.folder: there is no \/.*nowhere\/waiting\.html\n$/);
});
