import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Config, isMember, memberName, paramsOfName } from '../../config/index.js';
import { configOf } from '../kit/http-bench.js';

const RESOURCE_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const ODD = [
  '..',
  ';',
  '; rm -rf /',
  '../../etc',
  'x'.repeat(300),
  'Böb',
  'a b',
  '-',
  '--',
  'A',
  '',
  '${env:X}',
];
const keyed = (pool: object): Config => configOf({ resources: { app: { pool } } });

test('a value that is a slug stands in the name as it is, and the name tells it', () => {
  assert.equal(memberName('app', { pr: 'feature-42' }), 'app--feature-42');
  const config = keyed({ key: ['{pr}'] });
  assert.deepEqual(paramsOfName(config, 'app--feature-42'), { pr: 'feature-42' });
});

test('whatever a value is, the name is one for a resource, and no two share one', () => {
  for (const pool of ['app', 'a'.repeat(40)]) {
    const values = [...ODD, ...ODD.map((value) => value.toUpperCase()), 'a-b', 'a--b', 'a_b', 'a.b', 'a b '];
    const unique = [...new Set(values)];
    const names = unique.map((value) => memberName(pool, { pr: value }));
    for (const name of names) assert.match(name, RESOURCE_NAME);
    assert.equal(new Set(names).size, unique.length);
  }
});

test('nobody is given another’s name by a value that looks like a slug with its hash', () => {
  const victim = memberName('app', { user: 'Alice' });
  const tail = victim.slice('app--'.length);
  assert.notEqual(memberName('app', { user: tail }), victim);
  assert.notEqual(memberName('app', { user: `app--${tail}` }), victim);
});

test('values of two parts are never taken for one another', () => {
  const names = [
    { a: 'x-y', b: 'z' },
    { a: 'x', b: 'y-z' },
    { a: 'x', b: 'y', c: 'z' },
    { a: 'z', b: 'x-y' },
  ].map((params) => memberName('app', params));
  assert.equal(new Set(names).size, names.length);
});

test('a member is only who has the name of its parameters, all of them and allowed ones', () => {
  const config = keyed({ key: ['{pr}'], allow: '[a-z0-9.]+' });
  const is = (params: Record<string, string>, name = memberName('app', params)) =>
    isMember(config, name, params);
  assert.ok(is({ pr: 'x.y' }));
  assert.ok(!is({ pr: 'x.y' }, 'app--x'), 'another name');
  assert.ok(!is({ pr: 'x_y' }), 'not allowed');
  assert.ok(!is({ pr: 'x\n' }), 'a line break, which $ lets through');
  assert.ok(!is({ user: 'x' }), 'another part');
  assert.ok(!is({ pr: 'x', more: 'y' }), 'one too many');
  assert.ok(!is({}), 'none');
  assert.ok(!isMember(config, 'other--x', { pr: 'x' }), 'another pool');
});

test('members by number are those from 1 to max, and no others', () => {
  const config = keyed({ max: 3 });
  for (const [member, is] of Object.entries({
    1: true,
    3: true,
    4: false,
    0: false,
    '01': false,
    x: false,
  })) {
    assert.equal(isMember(config, memberName('app', { member }), { member }), is, member);
  }
});
