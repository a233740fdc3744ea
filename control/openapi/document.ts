/** The OpenAPI document (3.1) of the control address, made from its operations. */
import { z } from 'zod';
import { catalogue, type ErrorCode } from '../../errors/index.js';
import { IMAGE_NAME } from '../image-inputs.js';
import { RESOURCE_NAME } from '../inputs.js';
import { problem } from './answers.js';
import type { Answer, Operation } from './operation.js';
import { operations } from './operations.js';

/** What any request may be answered. */
const EVERYWHERE: readonly ErrorCode[] = [
  'UNAUTHORIZED',
  'TOKEN_LIMITED',
  'ACCESS_DENIED',
  'CROSS_SITE',
  'INTERNAL',
];
const PATTERNS = {
  name: RESOURCE_NAME.source,
  image: IMAGE_NAME.source,
} as const;

type Json = Record<string, unknown>;

/** @param version of Reveille. */
export function openapiDocument(version: string): Json {
  const paths: Record<string, Json> = {};
  const schemas: Json = {};
  for (const operation of operations) {
    const methods = paths[operation.path] ?? {};
    paths[operation.path] = methods;
    methods[operation.method] = describe(operation, schemas);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Reveille',
      version,
      summary: 'Machines that sleep, and wake when somebody knocks',
      description:
        'Off loopback every call needs the token of control.token, or somebody whom control.access lets in. ' +
        'Bodies are JSON. Unknown fields are refused. ' +
        'Errors are problems of RFC 9457 with a code of the catalogue of errors.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{}, { token: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The token of control.token.' },
      },
    },
  };
}

function describe(operation: Operation, schemas: Json): Json {
  const { id, summary, description, query, body, needsBody, open } = operation;
  const parameters = [...pathParameters(operation), ...queryParameters(query, schemas)];
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    ...(open ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: needsBody ?? false, content: json(schemaOf(body, schemas, 'input')) } }),
    responses: { ...successes(operation, schemas), ...failures(operation, schemas) },
  };
}

function pathParameters({ path }: Operation): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', pattern: PATTERNS[name as keyof typeof PATTERNS] },
  }));
}

function queryParameters(query: z.ZodObject | undefined, schemas: Json): Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(query, schemas, 'input') as {
    properties?: Json;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

function successes({ answers }: Operation, schemas: Json): Json {
  const content = ({ schema, media = 'application/json' }: Answer) =>
    schema === undefined
      ? { [media]: { schema: { type: 'string' } } }
      : { [media]: { schema: schemaOf(schema, schemas, 'output') } };
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [
      status,
      { description: answer.description, content: content(answer) },
    ]),
  );
}

/** One answer for each status, which names the errors that have it. */
function failures({ errors, answers, open }: Operation, schemas: Json): Json {
  const codes = new Set<ErrorCode>([...errors, ...(open ? [] : EVERYWHERE)]);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = catalogue[code];
    if (!(status in answers)) byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const content = { 'application/problem+json': { schema: schemaOf(problem, schemas, 'output') } };
  return Object.fromEntries(
    [...byStatus].map(([status, named]) => [
      status,
      {
        description: named.map((code) => `${code}: ${catalogue[code].title}`).join('. '),
        ...(status === 401 ? { headers: { 'WWW-Authenticate': { schema: { type: 'string' } } } } : {}),
        content,
      },
    ]),
  );
}

const json = (schema: unknown): Json => ({ 'application/json': { schema } });

/** The schema, those with a name by reference: they are added to `schemas`. */
function schemaOf(schema: z.ZodType, schemas: Json, io: 'input' | 'output'): unknown {
  const { $schema: _, $defs = {}, ...own } = z.toJSONSchema(schema, { io }) as Json & { $defs?: Json };
  for (const [name, one] of Object.entries($defs)) schemas[name] = relocated(one);
  return relocated(own);
}

/** References as OpenAPI has them. */
function relocated(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(relocated);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string'
        ? value.replace('#/$defs/', '#/components/schemas/')
        : relocated(value),
    ]),
  );
}
