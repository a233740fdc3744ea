import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issuesOf } from '../kit/config-text.js';

const NO_STRETCH = 'lease: { stretch: 0 }';
const ec2 = (settings: string, rest = NO_STRETCH, top = '') =>
  `${top}resources:\n  web:\n    provider: ec2\n    ec2: { port: 80, ${settings} }\n${rest && `    ${rest}\n`}`;

const cases: [name: string, text: string, message: RegExp][] = [
  [
    'names an instance',
    ec2('type: t3.micro'),
    /ec2: says of no instance; expected one of instance, find or im/,
  ],
  [
    'names one kind of instance',
    ec2('image: ami-1, instance: i-1'),
    /web\.ec2\.image: image and instance exclude each other/,
  ],
  ['finds by tags, not by none', ec2('find: {}'), /web\.ec2\.find: .* is not tags/],
  [
    'says nothing of how an existing instance is made',
    ec2('instance: i-1, type: t3.micro'),
    /web\.ec2\.type: goes with image, not with instance/,
  ],
  [
    'signs calls to an endpoint of its own with a region',
    ec2('image: emi-1, endpoint: "https://cloud.example.org"'),
    /web\.ec2\.endpoint: .*region is missing/,
  ],
  [
    'has secrets by reference',
    ec2('image: ami-1, credentials: { accessKeyId: a, secretAccessKey: b }'),
    /secretAccessKey: "b" is not a secret by reference/,
  ],
  [
    'has credentials or a profile',
    ec2('image: ami-1, profile: p, credentials: { accessKeyId: a, secretAccessKey: "${env:B}" }'),
    /web\.ec2\.profile: credentials and profile exclude each other/,
  ],
  [
    'has zones or subnets',
    ec2('image: ami-1, zones: [a], subnets: [b]'),
    /web\.ec2\.zones: subnets are in zones of their own/,
  ],
  [
    'names the groups of a public address by their ids',
    ec2('image: ami-1, publicAddress: true, securityGroups: [web]'),
    /securityGroups\[0\]: with publicAddress security groups go by their ids/,
  ],
  [
    'cannot suspend what is spot',
    ec2('image: ami-1, spot: true', `${NO_STRETCH}\n    idle: { then: suspend }`),
    /web\.idle\.then: what is spot cannot be suspended/,
  ],
  [
    'may not be reached longer than its address is its own',
    ec2('image: ami-1', ''),
    /web\.ec2: the cloud may give the address to another instance/,
  ],
  [
    'leaves the tags of Reveille alone',
    ec2('image: ami-1, tags: { "reveille:owner": me }'),
    /a name without aws: or reveille:/,
  ],
  [
    'has a site where workers may run on several hosts',
    ec2('image: ami-1', NO_STRETCH, 'temporal: { address: "temporal:7233" }\n'),
    /^.*temporal: .*site is missing; expected site: NAME/m,
  ],
];
for (const [name, text, message] of cases) {
  test(`a resource of the provider ec2 ${name}`, () => assert.match(issuesOf(text).join('\n'), message));
}

test('an address that nobody else gets may be used while Temporal is out of reach', () => {
  assert.deepEqual(issuesOf(ec2('instance: i-1, keepsAddress: true', '')), []);
});

test('two resources cannot have one instance', () => {
  const one = (name: string) =>
    `  ${name}:\n    provider: ec2\n    ec2: { port: 80, instance: i-1, keepsAddress: true }\n`;
  assert.match(
    issuesOf(`resources:\n${one('a')}${one('b')}`).join('\n'),
    /another resource has this instance already/,
  );
});
