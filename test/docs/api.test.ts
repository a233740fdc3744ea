import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { root } from '../kit/scripts.js';

test('docs/api.md says what the OpenAPI document of the control address says', async () => {
  await promisify(execFile)(process.execPath, [join(root, 'scripts/docs-api.mjs'), '--check']);
});
