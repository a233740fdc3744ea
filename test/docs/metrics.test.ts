import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { root } from '../kit/scripts.js';

test('docs/metrics-reference.md says what the code registers', async () => {
  await promisify(execFile)(process.execPath, [join(root, 'scripts/docs-metrics.mjs'), '--check']);
});

test('docs/metrics.md names metrics of the reference', () => {
  const names = (page: string) =>
    new Set(readFileSync(join(root, 'docs', page), 'utf8').match(/\breveille_\w+/g) ?? []);
  const exist = names('metrics-reference.md');
  const named = [...names('metrics.md')];
  assert.ok(named.length > 10);
  assert.deepEqual(
    named.filter((name) => !exist.has(name)),
    [],
  );
});
