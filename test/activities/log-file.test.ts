import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { LogFile } from '../../activities/log-file.js';
import { cleanText, lastBytes } from '../../activities/log-text.js';

const asItIs = (text: string) => text;

function logFile(t: TestContext): { path: string; log: LogFile } {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-log-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'log');
  return { path, log: new LogFile(path, folder) };
}

test('a log over its limit keeps its end in the older file, and the writer goes on in the emptied one', async (t) => {
  const { path, log } = logFile(t);
  await log.with(undefined, async (fd) => {
    appendFileSync(fd, `${'a'.repeat(2000)}${'b'.repeat(1000)}`);
    await log.rotate(1000);
    appendFileSync(fd, 'after');
  });
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'b'.repeat(1000));
  assert.equal(readFileSync(path, 'utf8'), 'after');
});

test('a log within its limit is left alone', async (t) => {
  const { path, log } = logFile(t);
  writeFileSync(path, 'x'.repeat(1000));
  await log.rotate(1000);
  assert.equal(statSync(path).size, 1000);
  assert.equal(statSync(`${path}.1`, { throwIfNoEntry: false }), undefined);
});

test('the tail is bounded, whole lines, and goes on in the older file', async (t) => {
  const { path, log } = logFile(t);
  writeFileSync(`${path}.1`, 'first\nsecond\n');
  writeFileSync(path, 'third\n');
  assert.equal(await log.tail(100, asItIs), 'first\nsecond\nthird\n');
  assert.equal(await log.tail(15, asItIs), 'second\nthird\n');
});

test('a secret across the edge of the tail is masked', async (t) => {
  const { path, log } = logFile(t);
  writeFileSync(path, `${'x'.repeat(50_000)}top-secret`);
  const tail = await log.tail(6, (text) => text.replaceAll('top-secret', '***'));
  assert.equal(tail, 'xxx***');
});

test('the part of the youngest generation begins after its header', async (t) => {
  const { path, log } = logFile(t);
  writeFileSync(path, `old\n${LogFile.header('generation 2')}\nnew\n`);
  assert.equal(await log.tailOfGeneration(1000, asItIs), 'new\n');
  writeFileSync(path, 'no header in reach\n');
  assert.equal(await log.tailOfGeneration(1000, asItIs), 'no header in reach\n');
});

test('only the owner may read a log', (t) => {
  const { path, log } = logFile(t);
  return log.with(undefined, async () => assert.equal(statSync(path).mode & 0o777, 0o600));
});

test('text is cut between characters', () => {
  assert.equal(lastBytes('aäöü', 5), 'öü');
  assert.equal(lastBytes('ä', 2), 'ä');
});

test('control characters and sequences of terminals are removed, newline and tab stay', () => {
  assert.equal(
    cleanText('\u001b[31mred\u001b[0m\tand\u0007 \u001b]0;title\u0007more\r\nlast\u202e'),
    'red\tand more\nlast',
  );
});
