import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { issuesOf } from '../kit/config-text.js';
import { root } from '../kit/scripts.js';

const page = readFileSync(join(root, 'docs/clouds.md'), 'utf8');
interface Statement {
  Action: string | string[];
  Resource: string | string[];
}

/** What a creation may name, and the kind of resource that its caller then needs a right on. */
const NAMED = {
  ImageId: 'image',
  SnapshotId: 'snapshot',
  SubnetId: 'subnet',
  SecurityGroupIds: 'security-group',
  KeyName: 'key-pair',
};

/** Calls of the SDK in source files. */
function callsMade(folder: string, files: RegExp): string[] {
  const all = readdirSync(join(root, folder)).filter((file) => files.test(file));
  const sources = all.map((file) => readFileSync(join(root, folder, file), 'utf8')).join('\n');
  const calls = [...sources.matchAll(/new [\w.]+\.(\w+)Command\(/g)].map(([, call]) => `ec2:${call}`);
  return [...new Set(calls)].sort();
}

function statements(name: string): Statement[] {
  const [, policy = ''] = new RegExp(`\`\`\`json policy=${name}\n([\\s\\S]*?)\`\`\``).exec(page) ?? [];
  return (JSON.parse(policy) as { Statement: Statement[] }).Statement;
}

const allowed = (name: string): string[] =>
  [...new Set(statements(name).flatMap(({ Action }) => Action))].sort();

test('docs/clouds.md: the policy for EC2 allows the calls that the provider makes, and no other', () => {
  assert.deepEqual(allowed('ec2'), callsMade('activities/providers/ec2', /\.ts$/));
});

test('docs/clouds.md: the policy for EC2 lets an instance be created from each kind of thing that a creation names', () => {
  const spec = readFileSync(join(root, 'activities/providers/ec2/spec.ts'), 'utf8');
  const creating = statements('ec2').filter(({ Action }) => [Action].flat().includes('ec2:RunInstances'));
  const kinds = creating.flatMap(({ Resource }) => Resource).map((arn) => arn.split(':')[5]);
  for (const [key, kind] of Object.entries(NAMED)) {
    assert.match(spec, new RegExp(`\\b${key}\\b`));
    assert.ok(kinds.includes(`${kind}/*`), kind);
  }
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
