import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../kit/scripts.js';

interface Method {
  readonly http: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly answer: string;
}

interface Data {
  readonly source: string;
  readonly instanceStatuses: readonly string[];
  readonly methods: Readonly<Record<string, Method>>;
  readonly messages: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A request that the reference knows. */
export interface Known {
  /** Such as instances.insert. */
  readonly name: string;
  /** What stands in its path: project, zone, instance, … */
  readonly params: Readonly<Record<string, string>>;
  readonly method: Method;
}

const data = JSON.parse(readFileSync(join(root, 'test/gce/reference.json'), 'utf8')) as Data;
const { methods, messages } = data;
export const { instanceStatuses } = data;

const routes = Object.entries(methods).map(([name, method]) => {
  const [verb = '', template = ''] = method.http.split(' ');
  const pattern = template.replace(/\{(\w+)\}/g, (_, param: string) => `(?<${param}>[^/]+)`);
  return { name, method, verb, pattern: new RegExp(`^${pattern}$`) };
});

/** @param path with /compute/v1, without query. */
export function knownRequest(verb: string, path: string): Known | undefined {
  for (const { name, method, verb: own, pattern } of routes) {
    const match = own === verb ? pattern.exec(path) : null;
    if (match) return { name, method, params: { ...match.groups } };
  }
  return undefined;
}

/** What in a query, a body or an answer is not as the reference has it. */
export function mistakes(type: string, value: unknown, where: string): string[] {
  const [, kind, item = ''] = /^(list|map):(.*)$/.exec(type) ?? [];
  if (kind === 'list') {
    if (!Array.isArray(value)) return [`${where} is no list`];
    return value.flatMap((one, index) => mistakes(item, one, `${where}[${index}]`));
  }
  if (kind === 'map') {
    if (!isMapping(value)) return [`${where} is no map`];
    return Object.entries(value).flatMap(([key, one]) => mistakes(item, one, `${where}.${key}`));
  }
  const isRight = PLAIN[type];
  if (isRight !== undefined)
    return isRight(value) ? [] : [`${where} is no ${type}: ${JSON.stringify(value)}`];
  const fields = messages[type];
  if (fields === undefined) return [`${where}: the type ${type} is not among the data`];
  if (!isMapping(value)) return [`${where} is no ${type}`];
  return Object.entries(value).flatMap(([key, one]) => {
    const field = fields[key];
    return field === undefined
      ? [`${where}: ${type} has no field ${key}`]
      : mistakes(field, one, `${where}.${key}`);
  });
}

/** As mistakes, of a query, where everything is text. */
export function queryMistakes({ name, method }: Known, query: URLSearchParams): string[] {
  return [...query].flatMap(([key, text]) => {
    const type = method.query[key];
    if (type === undefined) return [`${name} has no parameter ${key}`];
    const value = /^u?int32$/.test(type) ? Number(text) : type === 'bool' ? text === 'true' : text;
    return mistakes(type, value, `${name}?${key}`);
  });
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown) => typeof value === 'string';
const isWhole = (value: unknown) => Number.isInteger(value);
/** 64 bits go as text (https://developers.google.com/discovery/v1/type-format). */
const isLong = (value: unknown) => typeof value === 'string' && /^-?\d+$/.test(value);
const PLAIN: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: isText,
  bool: (value) => typeof value === 'boolean',
  int32: isWhole,
  uint32: isWhole,
  int64: isLong,
  uint64: isLong,
  double: (value) => typeof value === 'number',
  float: (value) => typeof value === 'number',
};
