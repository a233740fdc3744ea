import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../kit/scripts.js';

test('every key of the schema has a doc comment, from which its documentation is made', () => {
  const undocumented: string[] = [];
  let keys = 0;
  for (const name of readdirSync(join(root, 'config')).filter((file) => file.endsWith('schema.ts'))) {
    const text = readFileSync(join(root, 'config', name), 'utf8').replace(/^import [^;]*;$/gm, '');
    const lines = text.split('\n');
    lines.forEach((line, index) => {
      // Keys are indented; `error` is an option of the schema library's calls.
      const key = /^\s+([a-z]\w*)(?:: |,$)/.exec(line)?.[1];
      if (key === undefined || key === 'error') return;
      keys += 1;
      if (!lines[index - 1]?.trimEnd().endsWith('*/')) undocumented.push(`${name}: ${line.trim()}`);
    });
  }
  assert.ok(keys > 60);
  assert.deepEqual(undocumented, []);
});
