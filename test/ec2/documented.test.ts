import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { issuesOf } from '../kit/config-text.js';
import { root } from '../kit/scripts.js';

const page = readFileSync(join(root, 'docs/clouds.md'), 'utf8');
const FOLDER = join(root, 'activities/providers/ec2');

interface Statement {
  Action: string | string[];
}

/** Calls of the SDK in the provider's source. */
function callsMade(): Set<string> {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.ts'));
  const sources = files.map((file) => readFileSync(join(FOLDER, file), 'utf8')).join('\n');
  return new Set([...sources.matchAll(/new [\w.]+\.(\w+)Command\(/g)].map(([, call]) => `ec2:${call}`));
}

test('docs/clouds.md: the policy for EC2 allows the calls that the provider makes, and no other', () => {
  const [, policy = ''] = /```json policy=ec2\n([\s\S]*?)```/.exec(page) ?? [];
  const { Statement } = JSON.parse(policy) as { Statement: Statement[] };
  const allowed = new Set(Statement.flatMap(({ Action }) => Action));
  assert.deepEqual([...allowed].sort(), [...callsMade()].sort());
});

test('docs/clouds.md and docs/providers.md: the examples for EC2 are right', () => {
  const providers = readFileSync(join(root, 'docs/providers.md'), 'utf8');
  const examples = [...`${page}\n${providers}`.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, text = '']) => text,
  );
  const ofEc2 = examples.filter((text) => text.includes('provider: ec2'));
  assert.equal(ofEc2.length, 3);
  for (const text of ofEc2) assert.deepEqual(issuesOf(text), [], text);
});
