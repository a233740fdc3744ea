import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  ConfigError,
  defaultConfigFile,
  hostName,
  isLoopback,
  leaseTime,
  loadConfig,
  parseConfig,
  revisionOf,
  splitAddress,
  stateDir,
} from '../../config/index.js';
import { hello } from '../kit/config-text.js';
import { root, tempFolder } from '../kit/scripts.js';

const resource = (lines: string) => {
  const definition = parseConfig(`resources:\n${hello}    ${lines}\n`, 'r.yaml').resources.hello;
  assert.ok(definition);
  return definition;
};

test('the demo is valid and means what the design says', () => {
  const config = loadConfig(defaultConfigFile(root));
  assert.deepEqual(config.resources.hello?.process?.command, ['node', 'examples/hello.js']);
  assert.equal(config.resources.hello?.idle.after, 20_000);
  assert.equal(config.onExit, 'stop');
});

test('a file that is not there is told as that', (context) => {
  const file = join(tempFolder(context), 'none.yaml');
  assert.throws(
    () => loadConfig(file),
    (error) =>
      error instanceof ConfigError && error.code === 'CONFIG_NOT_FOUND' && error.message.includes(file),
  );
});

test('a loaded configuration knows its file and the folders beside it', (context) => {
  const folder = tempFolder(context);
  writeFileSync(join(folder, 'r.yaml'), 'state: data\nworker: { host: box }\n');
  const config = loadConfig(join(folder, 'r.yaml'));
  assert.equal(config.file, join(folder, 'r.yaml'));
  assert.equal(stateDir(config), join(folder, 'data'));
  assert.equal(hostName(config), 'box');
  assert.equal(hostName(parseConfig('', 'r.yaml')), hostname());
});

test('a lease is a third of the idle time, within 1 s and 120 s, and never longer than the idle time', () => {
  const lease = (after: string, time = 'auto') =>
    leaseTime(resource(`idle: { after: ${after} }\n    lease: { time: ${time} }`));
  assert.equal(lease('20s'), 6666);
  assert.equal(lease('1h'), 120_000);
  assert.equal(lease('2s'), 1000);
  assert.equal(lease('300ms'), 300);
  assert.equal(lease('20s', '7s'), 7000);
});

test('a revision does not depend on the order of keys, and does on every value', () => {
  const revision = revisionOf(resource('idle: { after: 20s, then: stop }\n    hostHeader: a'));
  assert.match(revision, /^[0-9a-f]{12}$/);
  assert.equal(revisionOf(resource('hostHeader: a\n    idle: { then: stop, after: 20s }')), revision);
  assert.notEqual(revisionOf(resource('hostHeader: a\n    idle: { then: stop, after: 21s }')), revision);
  assert.notEqual(revisionOf(resource('hostHeader: b\n    idle: { then: stop, after: 20s }')), revision);
});

test('addresses come apart, IPv6 without its brackets', () => {
  assert.deepEqual(splitAddress('[::1]:80'), { host: '::1', port: 80 });
  assert.deepEqual(splitAddress('a.org:0'), { host: 'a.org', port: 0 });
  for (const text of ['a.org', '::1:80', 'a:b', 'a:70000', ''])
    assert.throws(() => splitAddress(text), TypeError);
});

test('only what cannot be reached from elsewhere is loopback', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', '[::1]', 'localhost', 'a.localhost'])
    assert.ok(isLoopback(host), host);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.org', '127.0.0.1.example.org', ''])
    assert.ok(!isLoopback(host), host);
});
