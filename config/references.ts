import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ReveilleError } from '../errors/index.js';

const REFERENCE = /\$\$\{|\$\{(env|file):([^}]*)\}/g;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** A secret larger than this is a mistake, such as a device or a log. */
const MAX_FILE_BYTES = 1024 * 1024;

export interface ReferenceSources {
  env: Readonly<Record<string, string | undefined>>;
  /** Absolute; where relative ${file:} paths begin. */
  folder: string;
  /** Dotted key of the text, for errors. */
  key?: string;
}

export interface Resolved {
  value: string;
  /** Every value that came from a reference. */
  secrets: string[];
}

/**
 * Replaces ${env:NAME} by the environment variable and ${file:PATH} by the file's text without the newlines at
 * its end. `$${` stands for a literal `${`; any other `${` is left as it is, for shells. What a reference
 * brings in is not looked at again.
 * @throws ReveilleError REFERENCE_UNRESOLVED naming key and reference, never a value.
 */
export function resolveReferences(text: string, sources: ReferenceSources): Resolved {
  const secrets: string[] = [];
  const value = text.replace(REFERENCE, (whole, kind: string | undefined, name: string | undefined) => {
    if (kind === undefined || name === undefined) return '${';
    const found = kind === 'env' ? fromEnv(name, whole, sources) : fromFile(name, whole, sources);
    secrets.push(found);
    return found;
  });
  return { value, secrets };
}

/** What is wrong with the references in a text, as what would be right; undefined where nothing is. */
export function referenceMistake(text: string): string | undefined {
  for (const [, kind, name] of text.matchAll(REFERENCE)) {
    if (kind === 'env' && !ENV_NAME.test(name ?? '')) return '${env:NAME} with the name of a variable';
    if (kind === 'file' && name?.trim() === '') return '${file:PATH} with the path of a file';
  }
  const rest = text.replace(REFERENCE, '');
  return /\$\{(env|file):/.test(rest)
    ? 'a closing } after the reference, or $${ for a literal ${'
    : undefined;
}

function fromEnv(name: string, whole: string, { env, key }: ReferenceSources): string {
  const value = env[name];
  if (value === undefined) throw unresolved(key, `${whole}: the environment variable ${name} is not set`);
  return value;
}

function fromFile(path: string, whole: string, { folder, key }: ReferenceSources): string {
  const file = resolve(folder, path);
  let text: string;
  try {
    const stat = statSync(file);
    // A pipe or a device could keep the worker waiting for ever.
    if (!stat.isFile()) throw unresolved(key, `${whole}: ${file} is not a regular file`);
    if (stat.size > MAX_FILE_BYTES) throw unresolved(key, `${whole}: ${file} is larger than 1 MiB`);
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof ReveilleError) throw cause;
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'it cannot be read';
    throw unresolved(key, `${whole}: ${file}: ${why}`, cause);
  }
  return text.replace(/[\r\n]+$/, '');
}

function unresolved(key: string | undefined, what: string, cause?: unknown): ReveilleError {
  return new ReveilleError('REFERENCE_UNRESOLVED', key === undefined ? what : `${key}: ${what}`, { cause });
}
