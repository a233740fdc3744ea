import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hello, issuesOf } from '../kit/config-text.js';

const resource = (lines: string) => `resources:\n${hello}    ${lines}\n`;
const two = (first: string, second: string) =>
  `resources:\n${hello}    ${first}\n${hello.replace('hello', 'other')}    ${second}\n`;

/** Text, and what its one message must hold. */
const cases: [name: string, text: string, message: RegExp][] = [
  [
    'a control address off loopback needs a token',
    'control: { listen: "0.0.0.0:1" }',
    /:1:20 control\.listen: .*token is missing/,
  ],
  [
    'access to the control address needs somebody who is known',
    'control: { access: { see: signed-in } }',
    /control\.access\.see: proxy\.identity is missing/,
  ],
  [
    'access to the control address lets somebody in',
    'control: { access: {} }',
    /control\.access: it lets nobody in/,
  ],
  [
    'an address alone is nobody at the control address',
    'control: { access: { act: { addresses: [10.0.0.0/8] } } }',
    /control\.access\.act: a rule asks for an address only/,
  ],
  [
    'groups in a URL are not believed at the control address',
    'proxy: { identity: { claimedGroups: { trusted: [10.0.0.1] } } }\ncontrol: { access: { act: { groups: [ops] } } }',
    /control\.access: groups in a URL/,
  ],
  [
    'proxy and control cannot share a port',
    'proxy: { listen: 127.0.0.1:9 }\ncontrol: { listen: localhost:9 }',
    /:2:20 control\.listen: port 9 is also that of proxy\.listen/,
  ],
  [
    'an address of all interfaces takes the port of each',
    'proxy: { listen: "0.0.0.0:8081" }',
    /control\.listen: port 8081 is also/,
  ],
  [
    'the ports of the embedded server differ',
    'temporal: { embedded: { port: 9, uiPort: 9 } }',
    /temporal\.embedded\.uiPort: port 9 is also that of temporal\.embedded\.port/,
  ],
  [
    'the embedded server and the proxy cannot share a port',
    'proxy: { listen: 127.0.0.1:7233 }',
    /temporal\.embedded\.port: port 7233 is also that of proxy\.listen/,
  ],
  [
    'one resource cannot hold more than all together',
    'proxy: { hold: { perResource: 3, total: 2 } }',
    /:1:31 proxy\.hold\.perResource: 3 is more than/,
  ],
  [
    'a client certificate needs its key',
    'temporal: { address: "t:1", tls: { cert: x } }',
    /temporal\.tls\.cert: temporal\.tls\.key is missing/,
  ],
  [
    'a lease cannot outlast the idle time',
    resource('idle: { after: 5s }\n    lease: { time: 6s }'),
    /:6:20 resources\.hello\.lease\.time: 6s is longer than idle\.after, which is 5s/,
  ],
  [
    'the default idle time counts too',
    resource('lease: { time: 16m }'),
    /lease\.time: 16m is longer than idle\.after, which is 15m/,
  ],
  [
    'the first pause cannot be the longer',
    resource('backoff: { first: 2m, max: 1m }'),
    /backoff\.first: 2m is longer than backoff\.max, which is 1m/,
  ],
  [
    'an idle probe asks a URL or a command',
    resource('idle: { probe: { interval: 5s } }'),
    /idle\.probe: neither url nor command/,
  ],
  [
    'an idle probe asks one of them',
    resource('idle: { probe: { url: /idle, command: [true-idle] } }'),
    /idle\.probe: url and command are both given/,
  ],
  [
    'a route leads to one resource',
    two('routes: [{ path: /a }]', 'routes: [{ path: /a/ }]'),
    /:9:14 resources\.other\.routes\[0\]: the route \/a already leads to hello/,
  ],
  [
    'hosts are the same in capitals',
    two('routes: [{ host: A.org }]', 'routes: [{ host: a.ORG, path: / }]'),
    /the route a\.org\/ already leads to hello/,
  ],
  [
    'a fixed endpoint belongs to one resource',
    two('endpoint: { port: 3000 }', 'endpoint: { port: 3000 }'),
    /127\.0\.0\.1:3000 is also the endpoint of hello/,
  ],
];

for (const [name, text, message] of cases) {
  test(`contradiction: ${name}`, () => {
    const issues = issuesOf(text);
    assert.equal(issues.length, 1, issues.join('\n'));
    assert.match(issues[0] ?? '', message);
  });
}

test('a control address off loopback with a token is right, and so is another port on each host', () => {
  assert.deepEqual(issuesOf('control: { listen: "0.0.0.0:8081", token: "${env:TOKEN}" }'), []);
  assert.deepEqual(issuesOf('proxy: { listen: 127.0.0.2:8081 }'), []);
});

test('a token that is wrong in itself is not told as missing too', () => {
  const issues = issuesOf('control: { listen: "0.0.0.0:1", token: 5 }');
  assert.equal(issues.length, 1, issues.join('\n'));
  assert.match(issues[0] ?? '', /control\.token: 5 is not text/);
});
