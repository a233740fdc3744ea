/** What the schema found, in words for somebody who writes YAML. */
import type { z } from 'zod';
import { nearest } from './nearest.js';
import { keysOf, requiredKeysOf, schemasAt } from './schema-walk.js';
import { either, readWants, show } from './wording.js';
import type { Path } from './yaml-source.js';

type Issue = z.core.$ZodIssue;

export interface SchemaFinding {
  path: Path;
  /** Whether the key itself is wrong, not its value. */
  atKey: boolean;
  message: string;
  expected?: string;
}

/** @param data what the schema was given. */
export function explainIssues(schema: z.ZodType, data: unknown, issues: readonly Issue[]): SchemaFinding[] {
  const findings = issues.flatMap((issue) => explain(schema, data, issue, []));
  // A value can fail several checks of one type: the first says enough.
  const seen = new Set<string>();
  return findings.filter(({ path }) => {
    const key = JSON.stringify(path);
    return !seen.has(key) && seen.add(key);
  });
}

function explain(schema: z.ZodType, data: unknown, issue: Issue, above: Path): SchemaFinding[] {
  const path = [...above, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
  if (issue.code === 'unrecognized_keys') {
    const cases = schemasAt(schema, path);
    const holder = Object(valueAt(data, path));
    return issue.keys.map((key) => mixedUp(cases, path, key, holder) ?? unknownKey(cases, path, key));
  }
  if (issue.code === 'invalid_key') {
    const key = String(path.at(-1));
    const { noun, expected } = readWants(issue.issues[0]?.message ?? '') ?? {
      noun: 'a key',
      expected: 'another',
    };
    return [{ path, atKey: true, message: `${show(key)} is not ${noun}`, expected }];
  }
  const value = valueAt(data, path);
  if (issue.code === 'invalid_union' && isMapping(value)) {
    const chosen = bestCase(schema, value, path, issue.errors);
    if (chosen) return chosen.flatMap((one) => explain(schema, data, one, path));
  }
  const { noun, expected } =
    readWants(issue.message) ?? wantedBy(issue, schemasAt(schema, path).flatMap(keysOf));
  if (value === undefined) return [{ path, atKey: true, message: 'is missing', expected }];
  if (value === null)
    return [{ path, atKey: true, message: 'is empty', expected: `${expected}, or no such line` }];
  return [{ path, atKey: false, message: `${show(value)} is not ${noun}`, expected }];
}

/** Words for what the library says itself. @param keys those of a mapping at this place */
function wantedBy(issue: Issue, keys: readonly string[]): { noun: string; expected: string } {
  if (issue.code === 'invalid_value') {
    const values = either(issue.values.map(String));
    return { noun: issue.values.length > 1 ? 'one of the choices' : values, expected: values };
  }
  const kinds: Record<string, string> = {
    object: 'a mapping',
    record: 'a mapping',
    array: 'a list',
    string: 'text',
    number: 'a number',
    boolean: 'true or false',
  };
  const noun = issue.code === 'invalid_type' ? (kinds[issue.expected] ?? 'of the right kind') : 'valid here';
  // `idle: 15m`: that it is to be a mapping helps only who knows what goes into it.
  const known = noun === 'a mapping' && keys.length > 0;
  return { noun, expected: known ? `${noun} with ${either([...new Set(keys)])}` : noun };
}

function unknownKey(cases: z.ZodType[], path: Path, key: string): SchemaFinding {
  const allowed = [...new Set(cases.flatMap(keysOf))];
  // A key that slipped out of its section is as common as a misspelt one.
  const below = allowed.flatMap((section) => {
    const inner = cases.flatMap((one) => schemasAt(one, [section])).flatMap(keysOf);
    return inner.includes(key) ? [`${section}.${key}`] : [];
  });
  const meant = nearest(key, allowed) ?? (below.length > 0 ? either(below) : undefined);
  return {
    path: [...path, key],
    atKey: true,
    message: `unknown key${meant === undefined ? '' : `, did you mean ${meant}?`}`,
    expected: either(allowed),
  };
}

/**
 * A key that another case of the same union knows: the cases were mixed up.
 * @returns undefined where no case knows the key, or where it is unclear what it collides with.
 */
function mixedUp(
  cases: readonly z.ZodType[],
  path: Path,
  key: string,
  value: object,
): SchemaFinding | undefined {
  const other = cases.find((one) => keysOf(one).includes(key));
  if (other === undefined) return undefined;
  const given = Object.keys(value);
  const [needed] = requiredKeysOf(other).filter((required) => !given.includes(required));
  const message = (text: string, expected: string) => ({
    path: [...path, key],
    atKey: true,
    message: text,
    expected,
  });
  if (needed !== undefined) return message(`goes with ${needed}, which is missing`, `${needed} beside it`);
  const beside = given.find((one) => !keysOf(other).includes(one));
  return beside === undefined ? undefined : message(`${key} and ${beside} exclude each other`, 'one of them');
}

/**
 * The case of a union that a mapping was most likely meant as: the one with the fewest keys unknown to it, then
 * with the fewest mistakes.
 */
function bestCase(
  schema: z.ZodType,
  value: object,
  path: Path,
  errors: readonly (readonly Issue[])[],
): readonly Issue[] | undefined {
  const here = schemasAt(schema, path);
  const rank = (index: number) => {
    const keys = keysOf(here[index]);
    const unknown = Object.keys(value).filter((key) => !keys.includes(key)).length;
    const issues = errors[index] ?? [];
    return unknown * 1000 + issues.filter(isOfTheKind).length * 100 + issues.length;
  };
  const indexes = errors.map((_, index) => index).filter((index) => keysOf(here[index]).length > 0);
  const [best] = indexes.sort((a, b) => rank(a) - rank(b));
  return best === undefined ? undefined : errors[best];
}

/** A word that says which case it is, and says another: it counts more than what is wrong within a case. */
const isOfTheKind = ({ path, code }: Issue): boolean =>
  path.length === 1 && (code === 'invalid_value' || code === 'invalid_format');

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path; undefined where there is none. */
export function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}
