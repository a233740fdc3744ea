// biome-ignore-start lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
/** Colours, cursor movements and window titles of terminals (ECMA-48 control sequences). */
const SEQUENCES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g;
/** C0 and C1 controls but tab and newline, and what reverses the direction of text. */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: as above

/** Makes text of unknown origin safe to print: no control characters but newline and tab. */
export function cleanText(text: string): string {
  return text
    .replace(SEQUENCES, '')
    .replace(/\r+\n?/g, '\n')
    .replace(CONTROLS, '');
}

/**
 * The end of a text within so many bytes of UTF-8: whole characters, and whole lines unless a single line is
 * longer than that.
 */
export function lastBytes(text: string, bytes: number): string {
  const all = Buffer.from(text);
  if (all.length <= bytes) return text;
  let start = all.length - bytes;
  const newline = all.indexOf(0x0a, start - 1);
  if (newline !== -1 && newline < all.length - 1) start = newline + 1;
  else while (isContinuation(all[start])) start++;
  return all.toString('utf8', start);
}

/** A byte within a character of UTF-8, not its first (RFC 3629). */
const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;
