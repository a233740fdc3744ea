import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { catalogue, ReveilleError } from '../../errors/index.js';
import { root, tempFolder } from '../kit/scripts.js';

const script = join(root, 'scripts/docs-errors.mjs');

test('docs/errors.md says what the catalogue says', () => {
  execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' });
});

test('a page that lacks an error, or says another thing of it, is out of date', (context) => {
  const file = join(tempFolder(context), 'errors.md');
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  for (const changed of [page.replace('## NO_PORT\n', ''), page.replace('Status 503', 'Status 500')]) {
    assert.notEqual(changed, page);
    writeFileSync(file, changed);
    const { status, stderr } = spawnSync(process.execPath, [script, '--check', file], { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /out of date: run node scripts\/docs-errors\.mjs/);
  }
});

test('every error has a status of its kind, a title without full stop and a remedy with one', () => {
  for (const [code, { status, title, remedy }] of Object.entries(catalogue)) {
    assert.match(code, /^[A-Z][A-Z_]*[A-Z]$/);
    assert.ok(status >= 400 && status <= 599, code);
    assert.match(title, /^[A-Z].*[^.]$/, code);
    assert.match(remedy, /^[A-Z].*\.$/, code);
  }
});

test('an error as a problem shows its log to those who may see it only, and never its cause', () => {
  const error = new ReveilleError('BOOT_FAILED', 'exit code 3', {
    cause: new Error('inner'),
    retryInMs: 1000,
    log: 'last words',
  });
  assert.deepEqual(error.toProblem(false, 'id-1'), {
    type: 'urn:reveille:error:boot_failed',
    title: catalogue.BOOT_FAILED.title,
    status: 503,
    detail: 'exit code 3',
    code: 'BOOT_FAILED',
    remedy: catalogue.BOOT_FAILED.remedy,
    retryIn: 1000,
    requestId: 'id-1',
  });
  assert.equal(error.toProblem(true).log, 'last words');
});
