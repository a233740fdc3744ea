import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../kit/scripts.js';
import { blocksOf, shellBlocks } from '../kit/walk.js';

test('whatever the runbook says to run is run by a test, with the fault that it is for', () => {
  const folder = join(root, 'test/docs');
  const tests = readdirSync(folder).filter((name) => name.startsWith('runbook-'));
  const source = tests.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
  const headings = new Set(shellBlocks(blocksOf('runbook.md')).map(({ heading }) => heading));
  assert.ok(headings.size > 10);
  assert.deepEqual(
    [...headings].filter((heading) => !source.includes(`'${heading}'`)),
    [],
  );
});
