import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../config/index.js';
import { hello, issuesOf } from '../kit/config-text.js';

test('broken YAML is told with its place and nothing is guessed about the rest', () => {
  const issues = issuesOf('proxy:\n  listen: "127.0.0.1:1\nunknown: 1\n');
  assert.ok(issues.length > 0);
  for (const issue of issues) assert.match(issue, /^r\.yaml:\d+:\d+.*not valid YAML: /);
});

test('a key that stands twice is told, together with what else is wrong', () => {
  assert.deepEqual(issuesOf('onExit: stop\nonExit: leave\n'), [
    'r.yaml:2:1 onExit: the key stands here a second time; expected each key once',
    'r.yaml:2:9 onExit: "leave" is not one of the choices; expected stop or keep',
  ]);
});

test('aliases are refused, so that a short file cannot stand for an endless one', () => {
  const lines = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 12; level++)
    lines.push(`${'a'.repeat(level + 1)}: &l${level} [*a, *a, *a, *a]`);
  const issues = issuesOf(lines.join('\n'));
  assert.match(
    issues[0] ?? '',
    /^r\.yaml:2:\d+ aa\[0\]: the alias \*a is not understood; expected the value written out$/,
  );
});

test('tags are refused', () => {
  assert.match(issuesOf('state: !env STATE\n').join(), /^r\.yaml:1:8 state: YAML tags are not understood/);
});

test('a merge key is a key like any other, and unknown', () => {
  assert.match(
    issuesOf('proxy:\n  <<: { listen: "127.0.0.1:1" }\n').join(),
    /r\.yaml:2:3 proxy\.<<: unknown key/,
  );
});

test('a second document is refused', () => {
  assert.match(issuesOf('state: a\n---\nstate: b\n').join(), /r\.yaml:2:1: a second document begins/);
});

test('a file of brackets or of megabytes is refused and not fatal', () => {
  assert.match(issuesOf('['.repeat(200_000)).join(), /^r\.yaml:/);
  assert.match(
    issuesOf(`#${'x'.repeat(1024 * 1024)}`).join(),
    /the file is too large; expected at most 1 MiB/,
  );
});

test('an empty file is the configuration of defaults', () => {
  const config = parseConfig('# nothing yet\n', 'r.yaml');
  assert.equal(config.proxy.listen, '127.0.0.1:8080');
  assert.deepEqual(config.resources, {});
});

test('the line of a mistake is right below comments, folded text and blank lines', () => {
  const text = `# one\n\nstate: >-\n  some\n  folder\n\nresources:\n${hello}    # a comment\n    health:\n      path: x\n`;
  assert.match(issuesOf(text).join(), /^r\.yaml:13:13 resources\.hello\.health\.path: "x" is not a path/);
});
