// node scripts/docs-errors.mjs [--check] [FILE]: writes docs/errors.md from the catalogue of errors, or tells
// by its exit code whether it is up to date. Needs `npm run build` before.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalogue } from '../dist/errors/index.js';
import { writeOrCheck } from './docs/page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const INTRODUCTION = `# Errors

Every error that Reveille names, made from errors/catalogue.ts by \`node scripts/docs-errors.mjs\`. Over HTTP an
error is an [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem (\`application/problem+json\`) with \`code\`,
\`detail\` and \`remedy\`; the command line prints the same. The status is the one of the HTTP answer; errors that
never reach a client of the proxy have 500.

A few words first. A _resource_ is a thing that can sleep, an _instance_ is what runs while it is awake, a _wake_
starts one, and each start has a higher _generation_ number. _Temporal_ is the engine in which Reveille keeps the
state of every resource; a _worker_ is the part of Reveille that starts and stops instances for it.
`;

const sections = Object.entries(catalogue).map(
  ([code, { status, title, remedy }]) => `## ${code}\n\nStatus ${status}. ${title}.\n\n${remedy}\n`,
);
const page = `${INTRODUCTION}\n${sections.join('\n')}`;

writeOrCheck(join(root, 'docs/errors.md'), page, 'scripts/docs-errors.mjs');
