// node scripts/docs-api.mjs [--check] [FILE]: writes docs/api.md from the OpenAPI document of the control address,
// or tells by its exit code whether it is up to date. Needs `npm run build` before.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openapiDocument } from '../dist/control/openapi/document.js';
import { writeOrCheck } from './docs/page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const INTRODUCTION = `# The control API

Every call of the control address, made from its OpenAPI document by \`node scripts/docs-api.mjs\`. A running Reveille
serves the document itself, with the schemas of all bodies, at \`/api/v1/openapi.json\`.

The address is \`control.listen\`, \`http://127.0.0.1:8081\` by default. Off loopback every call but those marked _open_
needs \`Authorization: Bearer TOKEN\`, the token of \`control.token\`. Bodies are JSON; a field that is not known is
refused. Errors are problems of [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) with a code of
[errors.md](errors.md).
`;

const cell = (text) => String(text).replaceAll('\n', ' ').replaceAll('|', '\\|');

/** The names of a body's fields, of the document's own schemas where it refers to one. */
function fieldsOf(schema, schemas) {
  const own = schema.$ref === undefined ? schema : schemas[schema.$ref.split('/').at(-1)];
  return Object.keys(own?.properties ?? {});
}

function sectionOf(path, method, operation, schemas) {
  const { summary, description, parameters = [], requestBody, responses, security } = operation;
  const lines = [`## ${method.toUpperCase()} ${path}`, '', `${summary}.${security ? ' _Open_.' : ''}`];
  if (description !== undefined) lines.push('', description);
  for (const { name, in: place, required } of parameters.filter((one) => one.in === 'query'))
    lines.push('', `- \`${name}\` in the ${place}${required ? ', required' : ''}`);
  const body = requestBody?.content['application/json']?.schema;
  if (body !== undefined) {
    const fields = fieldsOf(body, schemas);
    const names = fields.map((name) => `\`${name}\``).join(', ');
    if (names !== '') lines.push('', `Body${requestBody.required ? ', required' : ''}: ${names}.`);
  }
  lines.push('', '| status | answer |', '| --- | --- |');
  for (const [status, answer] of Object.entries(responses))
    lines.push(`| ${status} | ${cell(answer.description)} |`);
  return `${lines.join('\n')}\n`;
}

// The page says what the calls are, not which version was built.
const { paths, components } = openapiDocument('');
const sections = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, one]) => sectionOf(path, method, one, components.schemas)),
);
writeOrCheck(join(root, 'docs/api.md'), `${INTRODUCTION}\n${sections.join('\n')}`, 'scripts/docs-api.mjs');
