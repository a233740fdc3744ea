import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findContradictions } from '../../config/contradictions.js';
import { configSchema } from '../../config/schema.js';

const app = { provider: 'process', process: { command: ['app'] } };

test('a quota of a provider that no resource has is an error that names those that are used', () => {
  const config = configSchema.parse({ quotas: { proces: { awake: 1 } }, resources: { app } });
  const [found] = findContradictions(config);
  assert.deepEqual(found?.paths, [['quotas', 'proces']]);
  assert.equal(found?.expected, 'a quota of process');
});
