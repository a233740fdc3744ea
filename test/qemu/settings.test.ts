import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backlogOf, ConfigError, formatIssue, parseConfig } from '../../config/index.js';

function issuesOf(qemu: object, more: object = {}): string[] {
  const vm = { provider: 'qemu', health: { path: '/' }, qemu: { kernel: { image: 'k' }, ...qemu }, ...more };
  try {
    parseConfig(JSON.stringify({ resources: { vm } }), 'r.yaml');
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.issues.map((issue) => formatIssue(issue));
    throw error;
  }
}

const cases: [string, object, object, RegExp][] = [
  ['nothing to boot from', { kernel: undefined }, {}, /neither disk nor kernel is given/],
  ['a health check that QEMU itself passes', {}, { health: { tcp: true } }, /say nothing of its health/],
  ['a tap device without the address of the machine', { network: { tap: 'tap0' } }, {}, /auto is none/],
  [
    'forwards of a tap device',
    { network: { tap: 'tap0' }, forwards: [{ host: 1, guest: 1 }] },
    {},
    /only network/,
  ],
  ['a host name for the endpoint', {}, { endpoint: { host: 'localhost' } }, /not an IPv4 address/],
  [
    'a port forwarded twice',
    {
      forwards: [
        { host: 9, guest: 1 },
        { host: 9, guest: 2 },
      ],
    },
    {},
    /forwarded already/,
  ],
  ['a device name that is more', { network: { tap: 'tap0,script=x' } }, {}, /vm\.qemu\.network/],
];
for (const [what, qemu, more, expected] of cases) {
  test(`${what} is told when the configuration is read`, () =>
    assert.match(issuesOf(qemu, more).join('\n'), expected));
}

test('members of a pool share neither an image that they write to nor a port', () => {
  const pool = { max: 2 };
  const disk = { image: 'i', overlay: false };
  const found = issuesOf({ disk, forwards: [{ host: 9, guest: 1 }] }, { pool }).join('\n');
  assert.match(found, /cannot write to one image/);
  assert.match(found, /cannot share a port/);
});

test('a machine whose server speaks first may have its first words as health check', () => {
  assert.deepEqual(issuesOf({ guestPort: 22 }, { health: { tcp: true, greets: true } }), []);
});

test('settings of a provider that the resource does not have are told', () => {
  assert.match(
    issuesOf({}, { process: { command: ['true'] } }).join(),
    /process: a mapping is not a setting of/,
  );
});

test('connections go out in turns where QEMU would drop them, unless it is said otherwise', () => {
  const backlog = (qemu: object, endpoint: object = {}) => {
    const vm = {
      provider: 'qemu',
      health: { path: '/' },
      endpoint,
      qemu: { kernel: { image: 'k' }, ...qemu },
    };
    const { resources } = parseConfig(JSON.stringify({ resources: { vm } }), 'r.yaml');
    return resources.vm && backlogOf(resources.vm);
  };
  assert.equal(backlog({}), 1);
  assert.equal(backlog({}, { backlog: 8 }), 8);
  assert.equal(backlog({ network: { tap: 'tap0' } }, { host: '192.0.2.2', port: 80 }), 100);
});
