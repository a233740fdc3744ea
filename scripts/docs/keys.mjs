import { z } from 'zod';
import * as units from '../../dist/config/units.js';
import * as values from '../../dist/config/values.js';

/** The schema's own small types, in words. */
const NAMED = new Map([
  [units.duration, 'duration'],
  [units.span, 'duration above zero'],
  [units.size, 'size'],
  [values.address, 'HOST:PORT'],
  [values.addressOrBlock, 'IP address or CIDR block'],
  [values.port, 'port'],
  [values.portRange, 'FIRST-LAST'],
  [values.reference, 'text or reference'],
  [values.secret, 'text or reference'],
  [values.routePath, 'path'],
  [values.routeHost, 'host name'],
  [values.webUrl, 'URL'],
  [values.urlOrPath, 'URL or path'],
  [values.statuses, 'status, range of them, or list'],
]);
const TIMES = new Set([units.duration, units.span]);

/**
 * All keys of a schema, each after the one that it stands in.
 * @param {z.ZodType} schema
 * @returns {Generator<{path: string[], names: string[], type: string, byDefault: string}>} `path`: as the file has
 *   it, with NAME for the user's own names and [] for lists; `names`: the keys alone.
 */
export function* keysOf(schema, path = [], names = []) {
  const { inner } = unwrap(schema);
  if (inner instanceof z.ZodUnion) {
    const seen = new Set();
    for (const option of inner.options) {
      for (const key of keysOf(option, path, names)) {
        const at = key.names.join('.');
        if (!seen.has(at)) yield key;
        seen.add(at);
      }
    }
  } else if (inner instanceof z.ZodArray) {
    yield* keysOf(inner.element, [...path.slice(0, -1), `${path.at(-1)}[]`], names);
  } else if (inner instanceof z.ZodRecord) yield* keysOf(inner.valueType, [...path, 'NAME'], names);
  else if (inner instanceof z.ZodObject) {
    for (const [name, value] of Object.entries(inner.shape)) {
      const key = { path: [...path, name], names: [...names, name] };
      yield { ...key, type: typeOf(value), byDefault: defaultOf(value) };
      yield* keysOf(value, key.path, key.names);
    }
  }
}

/** Without defaults, options and what is done to a value that was read. */
function unwrap(schema) {
  if (NAMED.has(schema)) return { inner: schema };
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return { ...unwrap(schema.unwrap()), byDefault: schema.def.defaultValue };
  }
  if (schema instanceof z.ZodOptional) return { ...unwrap(schema.unwrap()), optional: true };
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  return { inner: schema };
}

function typeOf(schema) {
  const { inner } = unwrap(schema);
  const named = NAMED.get(inner);
  if (named !== undefined) return named;
  if (inner instanceof z.ZodUnion) return [...new Set(inner.options.map(typeOf))].join(' or ');
  if (inner instanceof z.ZodArray) return `list of ${typeOf(inner.element)}`;
  if (inner instanceof z.ZodRecord) return `names, each with ${typeOf(inner.valueType)}`;
  if (inner instanceof z.ZodEnum) return inner.options.map((option) => `\`${option}\``).join(', ');
  if (inner instanceof z.ZodLiteral) return [...inner.values].map((value) => `\`${value}\``).join(', ');
  if (inner instanceof z.ZodObject) return 'mapping';
  if (inner instanceof z.ZodBoolean) return 'true or false';
  if (inner instanceof z.ZodNumber) return numberOf(inner);
  return 'text';
}

function numberOf({ minValue, maxValue, format }) {
  const noun = format === 'safeint' ? 'whole number' : 'number';
  const isOpen = maxValue === null || maxValue >= Number.MAX_SAFE_INTEGER;
  return isOpen ? `${noun} from ${minValue}` : `${noun} from ${minValue} to ${maxValue}`;
}

function defaultOf(schema) {
  const { inner, byDefault, optional } = unwrap(schema);
  if (byDefault === undefined) return optional ? '' : '_required_';
  if (typeof byDefault === 'object' && Object.keys(byDefault).length === 0) return '';
  return `\`${written(inner, byDefault)}\``;
}

/** As it would stand in the file. */
function written(schema, value) {
  if (isOneOf(schema, TIMES) && typeof value === 'number') return units.formatDuration(value);
  if (schema === units.size) return sizeOf(value);
  if (Array.isArray(value)) return `[${value.join(', ')}]`;
  if (typeof value === 'object') {
    return `{ ${Object.entries(value)
      .map(([key, one]) => `${key}: ${one}`)
      .join(', ')} }`;
  }
  return value === '' ? '""' : String(value);
}

function isOneOf(schema, wanted) {
  if (wanted.has(schema)) return true;
  return schema instanceof z.ZodUnion && schema.options.some((option) => isOneOf(option, wanted));
}

function sizeOf(bytes) {
  const units = [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
    ['GB', 1e9],
    ['MB', 1e6],
    ['KB', 1e3],
  ];
  const [unit, size] = units.find(([, size]) => bytes % size === 0) ?? ['B', 1];
  return `${bytes / size}${unit}`;
}
