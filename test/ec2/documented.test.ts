import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { issuesOf } from '../kit/config-text.js';
import { root } from '../kit/scripts.js';

const page = readFileSync(join(root, 'docs/clouds.md'), 'utf8');
interface Statement {
  Action: string | string[];
}

/** Calls of the SDK in source files. */
function callsMade(folder: string, files: RegExp): string[] {
  const all = readdirSync(join(root, folder)).filter((file) => files.test(file));
  const sources = all.map((file) => readFileSync(join(root, folder, file), 'utf8')).join('\n');
  const calls = [...sources.matchAll(/new [\w.]+\.(\w+)Command\(/g)].map(([, call]) => `ec2:${call}`);
  return [...new Set(calls)].sort();
}

function allowed(name: string): string[] {
  const [, policy = ''] = new RegExp(`\`\`\`json policy=${name}\n([\\s\\S]*?)\`\`\``).exec(page) ?? [];
  const { Statement } = JSON.parse(policy) as { Statement: Statement[] };
  return [...new Set(Statement.flatMap(({ Action }) => Action))].sort();
}

test('docs/clouds.md: the policy for EC2 allows the calls that the provider makes, and no other', () => {
  assert.deepEqual(allowed('ec2'), callsMade('activities/providers/ec2', /\.ts$/));
});

test('docs/clouds.md: the policy for images of EC2 allows the calls that registering makes, and no other', () => {
  assert.deepEqual(allowed('ec2-images'), callsMade('activities/images/registrars', /^ec2.*\.ts$/));
});

test('docs/clouds.md and docs/providers.md: the examples for EC2 are right', () => {
  const providers = readFileSync(join(root, 'docs/providers.md'), 'utf8');
  const examples = [...`${page}\n${providers}`.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, text = '']) => text,
  );
  const ofEc2 = examples.filter((text) => /provider: ec2|\bec2:$/m.test(text));
  assert.equal(ofEc2.length, 4);
  for (const text of ofEc2) assert.deepEqual(issuesOf(text), [], text);
});
