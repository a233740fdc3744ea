/** Names of users and groups: what may stand in a header field, and be compared. */

const MAX_LENGTH = 256;
/** Control characters, and halves of characters. */
const UNSAID = /[\p{Cc}\p{Cs}]/u;

/** Whether this can be said of somebody: not empty, not huge, no line breaks. */
export function isName(text: string): boolean {
  return text.trim() !== '' && text.length <= MAX_LENGTH && !UNSAID.test(text);
}

/**
 * The groups in a claim or header: a list, or a text with commas. What is no name is left out, and so is a name
 * with a comma in a list: told to an instance, it would be two groups.
 */
export function groupsIn(value: unknown): readonly string[] {
  const parts = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [];
  const groups = new Set<string>();
  for (const part of parts) {
    if (typeof part !== 'string') continue;
    const name = part.trim();
    if (isName(name) && !name.includes(',')) groups.add(name);
  }
  return [...groups];
}

/** Field values are bytes; names are text. */
export function fromBytes(field: string): string {
  return Buffer.from(field, 'latin1').toString('utf8');
}

export function toBytes(name: string): string {
  return Buffer.from(name, 'utf8').toString('latin1');
}
