import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { issuesOf } from '../kit/config-text.js';
import { root } from '../kit/scripts.js';

test('docs/clouds.md and docs/providers.md: the examples for Pulumi are right', () => {
  const pages = ['clouds', 'providers'].map((name) => readFileSync(join(root, `docs/${name}.md`), 'utf8'));
  const examples = [...pages.join('\n').matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  const ours = examples.filter((text) => text.includes('provider: pulumi'));
  assert.equal(ours.length, 4);
  for (const text of ours) assert.deepEqual(issuesOf(text), [], text);
});
