import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../config/index.js';

/** What is wrong with a resource of the provider command. */
function problems(command: object, rest: object = {}): string {
  const app = { provider: 'command', command: { start: ['./start'], ...command }, ...rest };
  try {
    parseConfig(JSON.stringify({ resources: { app } }), 'r.yaml');
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const each = { perConnection: true };
const door = { health: 'none', routes: [{ tcp: 2222 }] };

test('start alone is enough, and each command may have its own timeout, user and environment', () => {
  assert.equal(problems({}), '');
  const run = { run: ['./check'], timeout: '5s', user: 'nobody', env: { A: 'b' } };
  assert.equal(problems({ check: run, start: run, stop: run }), '');
});

test('what is no command is told with what would be one', () => {
  assert.match(
    problems({ stop: './stop' }),
    /app\.command\.stop: ".\/stop" is not a command; expected \[program/,
  );
});

test('endpoints of connections’ own go with TCP routes, no health and no check', () => {
  assert.equal(problems(each, door), '');
  assert.match(problems(each, { ...door, health: { tcp: true } }), /app\.health: .* expected none/);
  assert.match(problems(each, { ...door, routes: [{ path: '/' }] }), /app\.routes\[0\]: only connections/);
  assert.match(problems({ ...each, check: ['./check'] }, door), /app\.command\.check: start is run for each/);
  assert.match(problems(each, { ...door, endpoint: { port: 22 } }), /app\.endpoint\.port: .* expected auto/);
  assert.match(problems(each, { ...door, pool: { max: 2 } }), /app\.pool: .* expected no pool/);
});

test('commands cannot suspend', () => {
  assert.match(problems({}, { idle: { then: 'suspend' } }), /app\.idle\.then: .* expected stop or delete/);
});
