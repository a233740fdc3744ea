import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LogFile } from '../../cli/up/log-file.js';
import { formatLogLine } from '../../cli/up/log-format.js';
import { tempFolder } from '../kit/scripts.js';

test('a log is followed line by line from where it was, across a cut letter', (context) => {
  const path = join(tempFolder(context), 'part.log');
  writeFileSync(path, 'before\n');
  const lines: string[] = [];
  const log = new LogFile(path, (line) => lines.push(line));
  const [head, rest] = [Buffer.from('größe\n').subarray(0, 3), Buffer.from('größe\n').subarray(3)];
  appendFileSync(path, head);
  log.look();
  appendFileSync(path, rest);
  log.close();
  assert.deepEqual(lines, ['größe']);
});

test('a log is cut at its bound, with one older file beside it', (context) => {
  const path = join(tempFolder(context), 'part.log');
  const lines: string[] = [];
  const log = new LogFile(path, (line) => lines.push(line), 10);
  appendFileSync(path, 'a long line\n');
  log.look();
  appendFileSync(path, 'next\n');
  log.close();
  assert.deepEqual(lines, ['a long line', 'next']);
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'a long line\n');
  assert.equal(statSync(path).size, 5);
});

test('warnings and errors are shown in words, the rest is not', () => {
  const line = (entry: object) => formatLogLine('worker', JSON.stringify(entry));
  assert.equal(line({ level: 30, msg: 'all is well' }), undefined);
  assert.equal(
    line({ level: 40, msg: 'late', resource: 'hello', err: { message: 'no answer' } }),
    'worker warning: hello: late: no answer',
  );
  assert.equal(line({ level: 50, msg: 'broken', err: { message: 'broken' } }), 'worker error: broken');
  assert.equal(formatLogLine('worker', 'Error: not JSON'), 'worker: Error: not JSON');
});
