import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hello, issuesOf } from '../kit/config-text.js';

const identity = (text: string) => `proxy: { identity: ${text} }\nresources:\n${hello}`;
const JWT = 'jwt: { keys: keys.json, issuer: i, audience: a }';

/** Text, and what its one message must hold. */
const cases: [name: string, text: string, message: RegExp][] = [
  [
    'a rule that asks who somebody is needs an identity',
    `resources:\n${hello}    access: { groups: [staff] }\n`,
    /resources\.hello\.access: proxy\.identity is missing.*expected proxy\.identity with/,
  ],
  [
    'who may wake needs an identity too',
    `resources:\n${hello}    wake: { by: signed-in }\n`,
    /resources\.hello\.wake\.by: proxy\.identity is missing/,
  ],
  [
    'a rule has to ask for something',
    `${identity(`{ ${JWT} }`)}    access: [{ groups: [a] }, {}]\n`,
    /access: a rule asks for nothing/,
  ],
  ['an identity says how', identity('{}'), /proxy\.identity: nothing says how visitors are known/],
  [
    'trusted proxies have addresses',
    identity('{ headers: { trusted: [] } }'),
    /proxy\.identity\.headers\.trusted: .*at least one address/,
  ],
  [
    'keys do not come over a wire that anybody may write on',
    identity('{ jwt: { keys: "http://issuer.example/keys", issuer: i, audience: a } }'),
    /proxy\.identity\.jwt\.keys: .*expected an https:\/\/ URL/,
  ],
  [
    'an algorithm with a shared secret is none',
    identity('{ jwt: { keys: k, issuer: i, audience: a, algorithms: [HS256] } }'),
    /algorithms\[0\]: "HS256" is not/,
  ],
  ['a token has an audience', identity('{ jwt: { keys: k, issuer: i } }'), /audience: is missing/],
  [
    'a group has no comma',
    `${identity(`{ ${JWT} }`)}    access: { groups: ["a,b"] }\n`,
    /access\.groups\[0\]: "a,b" is not a group/,
  ],
  [
    'no route lies below the legacy URL',
    `${identity('{ claimedGroups: { trusted: [10.0.0.0/8] } }')}    routes: [{ path: /smart_proxy/x }]\n`,
    /claimedGroups.*: the route \/smart_proxy\/x of hello lies below it/,
  ],
  [
    'a pattern begins like a path',
    `resources:\n${hello}    asleep: [{ path: healthz }]\n`,
    /asleep\[0\]\.path: "healthz" is not a path/,
  ],
];

for (const [name, text, message] of cases) {
  test(`access: ${name}`, () => {
    const issues = issuesOf(text);
    assert.equal(issues.length, 1, issues.join('\n'));
    assert.match(issues[0] ?? '', message);
  });
}

test('access: addresses alone need no identity, and all forms of a rule are right', () => {
  assert.deepEqual(issuesOf(`resources:\n${hello}    access: { addresses: [10.0.0.0/8] }\n`), []);
  for (const rule of ['signed-in', '{ users: [a] }', '[{ users: [a] }, { groups: [b, c d] }]']) {
    assert.deepEqual(issuesOf(`${identity(`{ ${JWT} }`)}    access: ${rule}\n`), []);
  }
});
