import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hello, issuesOf } from '../kit/config-text.js';

test('a wrong value is told with its line, column, key and what would be right', () => {
  assert.deepEqual(issuesOf(`resources:\n${hello}    idle: { after: "20" }\n`), [
    'r.yaml:5:20 resources.hello.idle.after: "20" is not a duration; expected 500ms, 20s, 15m or 1h30m',
  ]);
});

test('a misspelt key is told with the key that was meant and all that are allowed', () => {
  assert.deepEqual(issuesOf('proxy: { hold: { per_resourse: 3 } }'), [
    'r.yaml:1:18 proxy.hold.per_resourse: unknown key, did you mean perResource?; expected time, perResource or total',
  ]);
});

test('a key that slipped out of its section is told with the section', () => {
  const [issue] = issuesOf(`resources:\n${hello}    after: 20s\n`);
  assert.match(issue ?? '', /^r\.yaml:5:5 resources\.hello\.after: unknown key, did you mean idle\.after\?/);
});

test('a choice that does not exist is told with the choices', () => {
  assert.deepEqual(issuesOf('onExit: leave'), [
    'r.yaml:1:9 onExit: "leave" is not one of the choices; expected stop or keep',
  ]);
});

test('a missing key is told where it should stand', () => {
  assert.deepEqual(issuesOf('resources:\n  hello:\n    provider: process\n'), [
    'r.yaml:2:3 resources.hello.process: is missing; expected a mapping',
  ]);
});

test('a value where a mapping belongs is told with the keys that go there', () => {
  const [issue] = issuesOf(`resources:\n${hello}    idle: 15m\n`);
  assert.match(
    issue ?? '',
    /^r\.yaml:5:11 resources\.hello\.idle: "15m" is not a mapping; expected a mapping with after, /,
  );
});

test('a key without a value is told as empty, and no default is taken in silence', () => {
  assert.deepEqual(issuesOf('control:\n  token:\n'), [
    'r.yaml:2:3 control.token: is empty; expected text (numbers, true and false in quotes), or no such line',
  ]);
});

test('a number where text is wanted is told to go in quotes', () => {
  const [issue] = issuesOf(
    'resources:\n  a:\n    provider: process\n    process: { command: [node, 8080] }\n',
  );
  assert.equal(
    issue,
    'r.yaml:4:32 resources.a.process.command[1]: 8080 is not text; expected text (numbers, true and false in quotes)',
  );
});

test('cases that exclude each other are told by their keys', () => {
  assert.deepEqual(issuesOf('temporal: { address: "t:7233", embedded: {} }'), [
    'r.yaml:1:32 temporal.embedded: embedded and address exclude each other; expected one of them',
  ]);
  assert.match(
    issuesOf(`resources:\n${hello}    routes: [{ host: a.org, strip: true }]\n`).join(),
    /routes\[0\]/,
  );
});

test('all that is wrong is told at once, in the order of the file, contradictions included', () => {
  const text = `proxy: { listen: nowhere }\npictures: {}\ncontrol: { listen: 0.0.0.0:8081 }\nresources:\n  a:\n    provider: proces\n    lease: { time: 20m }\n`;
  assert.deepEqual(
    issuesOf(text).map((issue) => issue.split(' ').slice(0, 2).join(' ')),
    [
      'r.yaml:1:18 proxy.listen:',
      'r.yaml:2:1 pictures:',
      'r.yaml:3:20 control.listen:',
      'r.yaml:6:15 resources.a.provider:',
      'r.yaml:7:20 resources.a.lease.time:',
    ],
  );
});

test('no message speaks the language of the schema library', () => {
  const kinds = ['5', 'true', '[]', '{}', '[x]', '{ x: y }', '""', 'text', '~'];
  const keys = [
    'proxy',
    'control',
    'temporal',
    'worker',
    'state',
    'secret',
    'onExit',
    'reconcile',
    'log',
    'resources',
  ];
  const inner = [
    'process',
    'endpoint',
    'health',
    'idle',
    'lease',
    'routes',
    'hostHeader',
    'expose',
    'backoff',
  ];
  for (const kind of kinds) {
    const issues = [
      ...keys.flatMap((key) => issuesOf(`${key}: ${kind}`)),
      ...inner.flatMap((key) => issuesOf(`resources:\n  a:\n    provider: process\n    ${key}: ${kind}\n`)),
    ];
    assert.ok(issues.length > 0);
    for (const issue of issues)
      assert.doesNotMatch(issue, /invalid|zod|undefined|\|\||valid here|right kind|NaN/i);
  }
});
