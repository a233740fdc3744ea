import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { configSchema } from '../../config/schema.js';
import { root } from '../kit/scripts.js';

const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8');

test('docs/configuration.md says what the schema says', async () => {
  // Fails where a key has no comment, too.
  await promisify(execFile)(process.execPath, [join(root, 'scripts/docs-configuration.mjs'), '--check']);
});

test('docs/configuration.md has the type, the default and the meaning of a key', () => {
  assert.ok(
    page.includes(
      '| `hold.time` | duration above zero | `5m` | Longest wait; then 504 while the boot goes on. |',
    ),
  );
  assert.match(page, /\| `routes\[\]\.path` \| path \| _required_ \|/);
});

test('docs/configuration.md has a place for each key of the top', () => {
  for (const key of Object.keys(configSchema.shape)) {
    assert.match(page, new RegExp(`^(## ${key}(\\.NAME)?$|\\| \`${key}\`)`, 'm'), key);
  }
});
