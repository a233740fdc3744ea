import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffConfigs, parseConfig } from '../../config/index.js';
import { hello } from '../kit/config-text.js';

const other = hello.replace('hello', 'other');

test('resources that came, went and changed are told apart', () => {
  const before = parseConfig(`resources:\n${hello}${other}`, 'r.yaml');
  const after = parseConfig(
    `resources:\n${hello}    hostHeader: x\n${hello.replace('hello', 'third')}`,
    'r.yaml',
  );
  assert.deepEqual(diffConfigs(before, after), {
    added: ['third'],
    removed: ['other'],
    changed: ['hello'],
    restart: [],
  });
});

test('settings that are read at start are told to need a restart, others are not', () => {
  const before = parseConfig('', 'r.yaml');
  const after = parseConfig(
    'proxy: { listen: 127.0.0.1:1, drain: 1s }\ntemporal: { address: "t:1" }\nstate: s\nreconcile: 1m\nonExit: keep\n',
    'r.yaml',
  );
  assert.deepEqual(diffConfigs(before, after).restart, ['proxy.listen', 'temporal', 'state']);
  const boots = parseConfig('worker: { boots: 7 }', 'r.yaml');
  assert.deepEqual(diffConfigs(before, boots).restart, ['worker']);
  const pulumi = parseConfig('worker: { pulumi: 7 }', 'r.yaml');
  assert.deepEqual(diffConfigs(before, pulumi).restart, []);
});

test('the same file with its keys in another order changes nothing', () => {
  const before = parseConfig('temporal: { embedded: { port: 7233, uiPort: 8233 } }\nstate: a\n', 'r.yaml');
  const after = parseConfig('state: a\ntemporal: { embedded: { uiPort: 8233, port: 7233 } }\n', 'r.yaml');
  assert.deepEqual(diffConfigs(before, after), { added: [], removed: [], changed: [], restart: [] });
});
