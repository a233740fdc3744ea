import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMasker, parseConfig, type ResourceDefinition, secretsOf } from '../../config/index.js';
import { hello } from '../kit/config-text.js';

const secret = 'p@ss w/ö"rd+1';
const mask = createMasker([secret]);

test('a secret is masked wherever it stands, and what looks like a pattern in it is text', () => {
  assert.equal(mask(`a ${secret}, b ${secret}`), 'a ***, b ***');
  assert.equal(createMasker(['a.c*'])('abc a.c* aac'), 'abc *** aac');
});

test('a secret is masked as URLs, forms, JSON and base64 write it', () => {
  const encoded = encodeURIComponent(secret);
  for (const form of [
    encoded,
    encoded.replace(/%../g, (digits) => digits.toLowerCase()),
    new URLSearchParams({ x: secret }).toString().slice(2),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
  ]) {
    assert.equal(mask(`[${form}]`), '[***]', form);
  }
});

test('a secret is masked inside Basic credentials, whatever the length of the user', () => {
  const token = 'correct-horse-battery';
  for (const user of ['a', 'ab', 'abc']) {
    const line = createMasker([token])(Buffer.from(`${user}:${token}`).toString('base64'));
    const left = Buffer.from(line.replaceAll('***', ''), 'base64').toString();
    assert.ok(!left.includes('orse') && line.includes('***'), line);
  }
});

test('each line of a secret of many lines is masked by itself', () => {
  const pem = 'BEGIN\r\n  first-line\nsecond-line\n}\n';
  assert.equal(createMasker([pem])('x first-line y }'), 'x *** y }');
});

test('of secrets within each other nothing is left over', () => {
  assert.equal(createMasker(['abcd', 'abcdefgh'])('abcdefgh abcd'), '*** ***');
});

test('short values are left alone, and no secrets change nothing', () => {
  assert.equal(createMasker(['abc', ''])('abc'), 'abc');
  assert.equal(createMasker([])('text'), 'text');
});

test('the secrets of a resource are found in all its settings, whether or not others can be resolved', () => {
  const text = `resources:\n${hello.replace('server.js]', '"x-${env:ONE}"], env: { A: "${env:NONE}${env:TWO}" }')}    hostHeader: "\${env:THREE}"\n`;
  const definition = parseConfig(text, 'r.yaml').resources.hello as ResourceDefinition;
  const env = { ONE: '1111', TWO: '2222', THREE: '3333', FOUR: '4444' };
  assert.deepEqual(secretsOf(definition, { env, folder: '/' }).sort(), ['1111', '2222', '3333']);
});
