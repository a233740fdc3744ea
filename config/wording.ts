/**
 * How the schema says what would have been right. Every message in it is made by `wants`, so that the reader of
 * an error sees `"20" is not a duration; expected 500ms, 20s, 15m or 1h30m` and nothing of the library beneath.
 */
const SEPARATOR = ' || ';

export interface Wanted {
  /** With its article: `a duration`. */
  noun: string;
  /** What to write instead. */
  expected: string;
}

/** @param expected examples or the rule; default: the noun itself. */
export function wants(noun: string, expected: string = noun): string {
  return noun + SEPARATOR + expected;
}

/** Reads a message of the schema back, or undefined where it is the library's own. */
export function readWants(message: string): Wanted | undefined {
  const [noun, expected] = message.split(SEPARATOR);
  return noun === undefined || expected === undefined ? undefined : { noun, expected };
}

/** A value of the file as the reader wrote it, shortened. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return 'an empty value';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}..."` : text;
}

/** `a`, `a or b`, `a, b or c`. */
export function either(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}
