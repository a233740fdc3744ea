import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { detailsText, listText } from '../../cli/client-status.js';
import { type Config, stateDir } from '../../config/index.js';
import type { ResourceDetails } from '../../control/contract.js';
import { inWords } from '../../control/words.js';
import { startTestClient } from '../kit/client.js';
import { eventually } from '../kit/conditions.js';
import { readyState } from '../kit/control.js';

const now = 1_000_000_000;
const hello: ResourceDetails = {
  name: 'hello',
  phase: 'ready',
  configured: true,
  since: now - 65_000,
  open: 2,
  pinned: now + 7_200_000,
  keptAwakeBy: ['2 connections', 'pin'],
  idleDeadline: now + 12_000,
  url: 'http://127.0.0.1:8080/hello',
  workflow: { id: 'resource:hello' },
  now,
};

test('the table says since when, why and until when in words', () => {
  const asleep = { ...hello, name: 'a-longer-name', phase: 'asleep' as const, keptAwakeBy: [] };
  const lines = listText({ now, resources: [hello, asleep] }).split('\n');
  assert.match(lines[0] ?? '', /^NAME +PHASE +SINCE +KEPT AWAKE BY +SLEEPS +URL$/);
  assert.match(lines[1] ?? '', /^hello +ready +1 min 5 s +2 connections, pin +in 12 s +http:.*hello$/);
  assert.equal(lines[0]?.indexOf('PHASE'), lines[2]?.indexOf('asleep'));
});

test('the details of one resource say how long it is pinned and what its failure was', () => {
  const failure = { code: 'BOOT_FAILED' as const, message: 'no\x1b[2J such program' };
  const text = detailsText({ ...hello, failure });
  assert.match(text, /^ {2}pinned +for 2 h$/m);
  assert.match(text, /^ {2}note +BOOT_FAILED: no\[2J such program$/m);
});

test('spans of time are told in their two largest units', () => {
  const told = [400, 59_000, 60_000, 3_725_000, 90_000_000].map(inWords);
  assert.deepEqual(told, ['0 s', '59 s', '1 min', '1 h 2 min', '1 d 1 h']);
});

test('status NAME --json has the phase at its top', async (t) => {
  const { run, plane } = await startTestClient(t);
  plane.awake.set('hello', readyState('hello'));
  const one = JSON.parse((await run('status', 'hello', '--json')).stdout) as { phase: string };
  assert.equal(one.phase, 'ready');
  const all = JSON.parse((await run('status', '--json')).stdout) as { resources: { name: string }[] };
  assert.deepEqual(
    all.resources.map(({ name }) => name),
    ['hello'],
  );
  assert.match((await run('status')).stdout, /^hello +ready/m);
});

test('watched through a pipe, each change of phase is a line, and an outage of Temporal does not end it', async (t) => {
  const { start, plane } = await startTestClient(t);
  const { child, output, ended } = start('status', '--watch');
  await eventually('the output', () => /Z {2}hello {2}asleep\n$/.test(output()));
  plane.awake.set('hello', readyState('hello', { phase: 'booting' }));
  await eventually('the output', () => /Z {2}hello {2}booting .*\n$/.test(output()));
  plane.failure = new Error('down');
  await eventually('the output', () => output().trimEnd().split('\n').length === 3);
  plane.failure = undefined;
  plane.awake.set('hello', readyState('hello'));
  await eventually('the output', () => /Z {2}hello {2}ready .*\n$/.test(output()));
  child.kill('SIGINT');
  await ended;
});

test('options that exclude each other are usage errors', async (t) => {
  const { run } = await startTestClient(t);
  assert.equal((await run('status', '--watch', '--json')).code, 2);
  assert.equal((await run('logs', 'hello', '-f', '--json')).code, 2);
  assert.equal((await run('logs', 'hello', '-n', 'many')).code, 2);
  assert.equal((await run('wake')).code, 2);
});

function writeLog(config: Config, text: string): void {
  const folder = join(stateDir(config), 'process', 'hello');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'log'), text);
}

test('logs prints the last lines, or all of them as one object', async (t) => {
  const { run, config } = await startTestClient(t);
  writeLog(config, 'one\ntwo\nthree\n');
  assert.equal((await run('logs', 'hello', '-n', '2')).stdout, 'two\nthree\n');
  const object = JSON.parse((await run('logs', 'hello', '--json')).stdout) as { lines: string[] };
  assert.deepEqual(object.lines, ['one', 'two', 'three']);
});

test('logs -f goes on with what is added', async (t) => {
  const { start, config } = await startTestClient(t);
  writeLog(config, 'one\n');
  const { child, output, ended } = start('logs', 'hello', '-f');
  await eventually('the output', () => output() === 'one\n');
  writeLog(config, 'one\ntwo\n');
  await eventually('the output', () => output() === 'one\ntwo\n');
  child.kill('SIGINT');
  await ended;
});
