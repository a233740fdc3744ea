// node scripts/docs-configuration.mjs [--check] [FILE]: writes docs/configuration.md from the schema of
// reveille.yaml and the comments in its source, or tells by its exit code whether it is up to date. Needs
// `npm run build` before.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  awsContainerArgs,
  awsVmArgs,
  eucalyptusVmArgs,
  gcpContainerArgs,
  gcpVmArgs,
  localArgs,
} from '../dist/config/providers/pulumi-args.js';
import { configSchema } from '../dist/config/schema.js';
import { Comments } from './docs/comments.mjs';
import { keysOf } from './docs/keys.mjs';
import { writeOrCheck } from './docs/page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const INTRODUCTION = `# Configuration

Every key of \`reveille.yaml\`, made from the schema by \`node scripts/docs-configuration.mjs\`. All have a default but
those that say _required_. A key that is not here is an error, which names its line and what would be right;
\`reveille check\` tells all errors of a file at once, and \`reveille reload\` applies a changed one.

- A _duration_ is written \`500ms\`, \`20s\`, \`15m\`, \`1h30m\` or \`0\`; a _size_ \`64KiB\`, \`10MB\` or \`20GB\`.
- A _reference_ is \`\${env:NAME}\` or \`\${file:PATH}\` within a text: resolved where it is used, and masked in logs.
- NAME stands for a name of your own, \`[]\` for each entry of a list.
- Relative paths begin at the folder of the file.
`;

const TEMPLATE_ARGS = 'resources.NAME.pulumi.args';
const TEMPLATES = {
  local: { localArgs },
  'aws-vm': { awsVmArgs },
  'aws-container': { awsContainerArgs },
  'eucalyptus-vm': { eucalyptusVmArgs },
  'gcp-vm': { gcpVmArgs },
  'gcp-container': { gcpContainerArgs },
};
const HEAD = ['| key | type | default | meaning |', '| --- | --- | --- | --- |'];
const comments = new Comments(join(root, 'config'));
const top = ['## Keys of their own', '', ...HEAD];
const sections = [top];
const silent = [];
const line = (key, { type, byDefault }, meaning) =>
  `| \`${key}\` | ${type} | ${byDefault} | ${String(meaning).replaceAll('|', '\\|')} |`;
for (const key of keysOf(configSchema)) {
  const { path, names, type } = key;
  // Which there are depends on the template.
  if (path.join('.').startsWith(`${TEMPLATE_ARGS}.`)) continue;
  const meaning = comments.of('configSchema', names) ?? silent.push(path.join('.'));
  const [first] = path;
  const title = first === 'resources' || first === 'pools' ? `${first}.NAME` : first;
  if (path.length > 1) sections.at(-1).push(line(path.join('.').slice(title.length + 1), key, meaning));
  else if (/mapping/.test(type)) sections.push([`## ${title}`, '', meaning, '', ...HEAD]);
  else top.push(line(first, key, meaning));
}
for (const [template, args] of Object.entries(TEMPLATES)) {
  const [[constant, schema]] = Object.entries(args);
  const keys = [...keysOf(schema)].map((key) => {
    const path = key.path.join('.');
    return line(path, key, comments.of(constant, key.names) ?? silent.push(`${template}: ${path}`));
  });
  sections.push([`## ${TEMPLATE_ARGS} of the template ${template}`, '', ...HEAD, ...keys]);
}
if (silent.length > 0)
  throw new Error(`Keys without a comment that says what they mean: ${silent.join(', ')}`);

const page = [INTRODUCTION, ...sections.map((lines) => `${lines.join('\n')}\n`)].join('\n');
writeOrCheck(join(root, 'docs/configuration.md'), page, 'scripts/docs-configuration.mjs');
