import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, formatIssue, parseConfig, stretchOf } from '../../config/index.js';

const NEEDED = { project: 'some-project', zone: 'us-central1-a' };
const fileOf = (gce: object, more: object) =>
  JSON.stringify({ resources: { vm: { provider: 'gce', gce: { ...NEEDED, ...gce }, ...more } } });

function issuesOf(gce: object, more: object = {}): string {
  try {
    parseConfig(fileOf(gce, more), 'r.yaml');
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.issues.map((issue) => formatIssue(issue)).join('\n');
    throw error;
  }
}

const cases: [string, object, object, RegExp][] = [
  ['VP1: a missing zone', { zone: undefined }, {}, /vm\.gce\.zone/],
  ['a missing project', { project: undefined }, {}, /vm\.gce\.project/],
  ['a port of the endpoint', {}, { endpoint: { port: 80 } }, /the endpoint is the address of the machine/],
  ['an address that it will not have', { externalAddress: 'none' }, {}, /not reached by it/],
  ['a pool that shares a machine', { name: 'one' }, { pool: { max: 2 } }, /cannot share a machine/],
  [
    'a pool that shares an address',
    { externalAddress: '203.0.113.7' },
    { pool: { max: 2 } },
    /cannot share an address/,
  ],
  [
    'user data beside a container',
    { container: { image: 'i' }, metadata: { 'user-data': 'x' } },
    {},
    /by the same key/,
  ],
  [
    'a spot machine that is moved',
    { onHostMaintenance: 'migrate' },
    {},
    /onHostMaintenance: .*only a standard machine/s,
  ],
  [
    'a machine with GPUs that is moved',
    { onHostMaintenance: 'migrate', provisioning: 'standard', machineType: 'a2-highgpu-1g' },
    {},
    /only a standard machine without GPUs/,
  ],
  [
    'a machine with GPUs that is suspended',
    { accelerators: { type: 'nvidia-tesla-t4' } },
    { idle: { then: 'suspend' } },
    /with GPUs cannot be suspended/,
  ],
  ['a zone named twice', { zones: ['us-central1-a'] }, {}, /named twice/],
  ['a name that is none for a machine', { name: 'A_b' }, {}, /beginning with a letter/],
];
for (const [what, gce, more, expected] of cases) {
  test(`${what} is told when the configuration is read`, () => assert.match(issuesOf(gce, more), expected));
}

test('leases are stretched only at an address that is reserved', () => {
  const stretch = (gce: object) => {
    const { vm } = parseConfig(fileOf(gce, {}), 'r.yaml').resources;
    assert.ok(vm);
    return stretchOf(vm);
  };
  assert.equal(stretch({}), 0);
  assert.equal(stretch({ externalAddress: '203.0.113.7' }), 600_000);
});

test('with a Temporal of others the site has to have a name', () => {
  const text = JSON.stringify({
    temporal: { address: 'temporal.example.org:7233' },
    resources: { vm: { provider: 'gce', gce: NEEDED } },
  });
  assert.throws(() => parseConfig(text, 'r.yaml'), ConfigError);
});
