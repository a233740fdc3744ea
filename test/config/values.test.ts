import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hello, issuesOf } from '../kit/config-text.js';

const inResource = (lines: string) => issuesOf(`resources:\n${hello}    ${lines}\n`);

/** One setting, with what it takes and what it refuses. */
const settings: { name: string; right: string[]; wrong: string[]; read: (value: string) => string[] }[] = [
  {
    name: 'the path of a route has one spelling only',
    right: ['/', '/a', '/a/b.c', '/a/', '/~x', '/.well-known', '/a..b'],
    wrong: [
      'a',
      '/a//b',
      '/a/../b',
      '/..',
      '/./a',
      '/a%2fb',
      '/a?x',
      '"/a#x"',
      '"/a b"',
      '"/user/{user}"',
      '"/a\\\\b"',
    ],
    read: (value) => inResource(`routes: [{ path: ${value} }]`),
  },
  {
    name: 'the host of a route is a name without port',
    right: ['a', 'App.Example.org', '10.0.0.1', '"[::1]"', 'a_b.c'],
    wrong: ['a:80', 'http://a', 'a/b', '"*.a"', '""', 'a..b', '-a'],
    read: (value) => inResource(`routes: [{ host: ${value} }]`),
  },
  {
    name: 'trusted peers are addresses or blocks',
    right: ['10.0.0.1', '10.0.0.0/8', '"::1"', '"fd00::/8"', '0.0.0.0/0'],
    wrong: ['localhost', '10.0.0.0/33', '10.0.0/8', '"::1/129"', '10.0.0.0/8/8', '10.0.0.1/'],
    read: (value) => issuesOf(`proxy: { trusted: [${value}] }`),
  },
  {
    name: 'a range of ports runs upwards within the ports',
    right: ['20000-29999', '1-65535', '5-5'],
    wrong: ['300-20', '0-10', '1-65536', '80', '"a-b"'],
    read: (value) => issuesOf(`worker: { ports: ${value} }`),
  },
  {
    name: 'statuses of health are numbers and ranges from 100 to 599',
    right: ['200', '200-399', '[200, 204, 300-399]'],
    wrong: ['20', '399-200', '500-600', '[]', 'ok', '[200, 90-100]', '2xx'],
    read: (value) => inResource(`health: { path: /, status: ${value} }`),
  },
  {
    name: 'an idle probe asks http or https, or a path',
    right: ['/idle', 'http://127.0.0.1:9/x', 'https://a.org'],
    wrong: ['idle', '//a.org', 'ftp://a', 'http://', '"/a b"'],
    read: (value) => inResource(`idle: { probe: { url: ${value} } }`),
  },
  {
    name: 'an address is a host and a port',
    right: ['127.0.0.1:9', '"[::1]:8080"', 'a.org:0'],
    wrong: ['8080', '127.0.0.1', '"::1:80"', 'a:65536', 'http://a:80'],
    read: (value) => issuesOf(`proxy: { control: ${value} }`),
  },
  {
    name: 'a time that must pass is a duration above zero',
    right: ['500ms', '1.5h', '1h30m', '1d'],
    wrong: ['0', '0s', '20', '"20"', '20 s', '-5s', '5x', '~'],
    read: (value) => inResource(`backoff: { first: 1ms, max: ${value} }`),
  },
  {
    name: 'a reference is closed and names something',
    right: ['"${env:A}"', '"${file:a b.txt}"', '"$${env:"', '"${HOME}"'],
    wrong: ['"${env:}"', '"${env:A B}"', '"${env:A"', '"${file:}"'],
    read: (value) => issuesOf(`secret: ${value}`),
  },
];

for (const { name, right, wrong, read } of settings) {
  test(name, () => {
    for (const value of right) assert.deepEqual(read(value), [], value);
    for (const value of wrong) assert.equal(read(value).length, 1, `${value}: ${read(value).join('\n')}`);
  });
}

test('a name of a resource and a command are what they say', () => {
  assert.match(
    issuesOf(`resources:\n${hello.replace('hello', 'Hello')}`).join(),
    /"Hello" is not a name for a resource/,
  );
  assert.match(
    issuesOf(`resources:\n${hello.replace('[node, server.js]', '[]')}`).join(),
    /is not a command/,
  );
  assert.match(
    issuesOf(`resources:\n${hello.replace('[node, server.js]', '["", a]')}`).join(),
    /is not a command/,
  );
  assert.match(
    issuesOf(`resources:\n${hello.replace('[node, server.js]', 'node server.js')}`).join(),
    /is not a command/,
  );
});
