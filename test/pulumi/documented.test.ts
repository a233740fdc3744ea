import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { issuesOf } from '../kit/config-text.js';
import { needs } from '../kit/engines.js';
import { runTemplate, TEMPLATE_FILES } from '../kit/pulumi-templates.js';
import { root } from '../kit/scripts.js';

test('docs/clouds.md and docs/providers.md: the examples for Pulumi are right', () => {
  const pages = ['clouds', 'providers'].map((name) => readFileSync(join(root, `docs/${name}.md`), 'utf8'));
  const examples = [...pages.join('\n').matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  const ours = examples.filter((text) => text.includes('provider: pulumi'));
  assert.equal(ours.length, 4);
  for (const text of ours) assert.deepEqual(issuesOf(text), [], text);
});

const page = readFileSync(join(root, 'docs/clouds.md'), 'utf8');

/** Arguments with which a template makes all that it can. */
const ALL = {
  aws: { allow: ['10.0.0.0/8'], allowSsh: ['10.0.0.0/8'], elasticIp: true },
  eucalyptus: { allow: ['10.0.0.0/8'] },
  gcp: { allow: ['10.0.0.0/8'], allowSsh: ['10.0.0.0/8'], externalAddress: 'static' },
};

interface Row {
  /** Templates. */
  by: string[];
  /** Pulumi's type. */
  made: string;
  rights: string[];
}

/** The table of rights. */
function rows(): Row[] {
  const words = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
  const [, table = ''] = /\| made by \| what \| rights \|\n\| --- .*\n((?:\|.*\n)+)/.exec(page) ?? [];
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const [by = '', made = '', rights = ''] = line.split(' | ');
      return {
        by: words(by).filter((word) => word in TEMPLATE_FILES),
        made: words(made).join(),
        rights: words(rights),
      };
    });
}

test(
  'docs/clouds.md: the table of rights has what each template makes, and nothing else',
  needs('pulumi-clouds'),
  async () => {
    for (const template of Object.keys(TEMPLATE_FILES)) {
      const args = ALL[template.split('-')[0] as keyof typeof ALL];
      const { resources } = await runTemplate(template, args);
      const made = resources.map(({ type }) => type).filter((type) => !type.startsWith('pulumi:providers:'));
      const listed = rows().filter(({ by }) => by.includes(template));
      assert.deepEqual([...new Set(made)].sort(), listed.map((row) => row.made).sort(), template);
    }
  },
);

test('docs/clouds.md: the policies for templates are the rights of the table', () => {
  const [, policy = ''] = /```json policy=pulumi-aws\n([\s\S]*?)```/.exec(page) ?? [];
  const { Statement } = JSON.parse(policy) as { Statement: { Action: string | string[] }[] };
  const [, role = ''] = /```yaml policy=pulumi-gcp\n([\s\S]*?)```/.exec(page) ?? [];
  const { includedPermissions } = parse(role) as { includedPermissions: string[] };
  const sorted = (rights: string[]) => [...new Set(rights)].sort();
  const wanted = (cloud: string) =>
    sorted(rows().flatMap(({ made, rights }) => (made.startsWith(cloud) ? rights : [])));
  assert.deepEqual(sorted(Statement.flatMap(({ Action }) => Action)), wanted('aws:'));
  assert.deepEqual(sorted(includedPermissions), wanted('gcp:'));
  // Whoever creates may also remove: `destroy` needs it.
  for (const { made, rights } of rows())
    assert.ok(
      rights.some((right) => /[.:](delete|Terminate|Delete|Release)/.test(right)),
      made,
    );
});
