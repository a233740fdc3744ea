import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema, tcpDoors } from '../../config/index.js';
import { hello, issuesOf } from '../kit/config-text.js';

const resource = (lines: string) => `resources:\n${hello}    ${lines}\n`;
const two = (first: string, second: string) =>
  `resources:\n${hello}    ${first}\n${hello.replace('hello', 'other')}    ${second}\n`;

/** Text, and what its one message must hold. */
const wrong: [name: string, text: string, message: RegExp][] = [
  [
    'two TCP routes cannot share a port',
    two('routes: [{ tcp: 2222 }]', 'routes: [{ tcp: 127.0.0.1:2222 }]'),
    /resources\.other\.routes\[0\]\.tcp: port 2222 is also that of resources\.hello\.routes\[0\]\.tcp/,
  ],
  [
    'a TCP route on all interfaces takes the port of each',
    resource('routes: [{ tcp: 0.0.0.0:2222 }, { tcp: 2222 }]'),
    /routes\[1\]\.tcp: port 2222 is also that of resources\.hello\.routes\[0\]\.tcp/,
  ],
  [
    'the port of the proxy is taken',
    resource('routes: [{ tcp: 8080 }]'),
    /routes\[0\]\.tcp: port 8080 is also that of proxy\.listen/,
  ],
  [
    'the port of Temporal is taken',
    resource('routes: [{ tcp: 0.0.0.0:7233 }]'),
    /routes\[0\]\.tcp: port 7233 is also that of temporal\.embedded\.port/,
  ],
  [
    'a door cannot lead to itself',
    resource('endpoint: { port: 2222 }\n    routes: [{ tcp: 0.0.0.0:2222 }]'),
    /routes\[0\]\.tcp: port 2222 is that of the endpoint/,
  ],
  [
    'what is waited for must fit in the buffer',
    resource('routes: [{ tcp: 2222, wakeAfter: 2000, buffer: 1KB }]'),
    /wakeAfter: 2000 bytes are more than buffer, which is 1000/,
  ],
  [
    'a port has a number',
    resource('routes: [{ tcp: ssh }]'),
    /"ssh" is not a TCP door; expected a port such as/,
  ],
  ['port 0 is no door', resource('routes: [{ tcp: 127.0.0.1:0 }]'), /is not a TCP door/],
  [
    'a list of clients holds addresses',
    resource('routes: [{ tcp: 2222, allow: [example.org] }]'),
    /allow\[0\]: "example\.org" is not an IP address or block/,
  ],
];

for (const [name, text, message] of wrong) {
  test(`TCP routes: ${name}`, () => {
    const issues = issuesOf(text);
    assert.equal(issues.length, 1, issues.join('\n'));
    assert.match(issues[0] ?? '', message);
  });
}

test('a TCP route binds the host of proxy.listen unless it names one', () => {
  const routes = [{ tcp: 2222 }, { tcp: '0.0.0.0:2223' }, { path: '/' }, { tcp: '[::1]:2224' }];
  const config = configSchema.parse({
    proxy: { listen: '127.0.0.5:80' },
    resources: { app: { provider: 'process', process: { command: ['true'] }, routes } },
  });
  assert.deepEqual(
    tcpDoors(config).map(({ address, resource }) => [address, resource]),
    [
      ['127.0.0.5:2222', 'app'],
      ['0.0.0.0:2223', 'app'],
      ['[::1]:2224', 'app'],
    ],
  );
});

test('the same port on another host, and an endpoint elsewhere, are right', () => {
  assert.deepEqual(issuesOf(resource('routes: [{ tcp: 127.0.0.2:8080 }, { tcp: 127.0.0.3:8080 }]')), []);
  assert.deepEqual(
    issuesOf(resource('endpoint: { host: 10.0.0.1, port: 22 }\n    routes: [{ tcp: 0.0.0.0:22 }]')),
    [],
  );
});
