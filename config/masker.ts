import { type ReferenceSources, resolveReferences } from './references.js';
import type { ResourceDefinition } from './resource-schema.js';

const MASK = '***';
/** Shorter values are found in every log by chance. */
const MIN_LENGTH = 4;
const MIN_ENCODED_LENGTH = 8;

/**
 * Makes a function that replaces secrets by `***`: each value of four and more characters, each such line of it,
 * and what both look like in URLs, forms, JSON and base64 (alone or within a longer text, as in Basic
 * credentials). Mask before cutting to a length: half a secret is not found.
 */
export function createMasker(secrets: Iterable<string>): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) {
    for (const part of [secret, ...secret.split(/\r?\n/).map((line) => line.trim())]) {
      if (part.length >= MIN_LENGTH) for (const form of formsOf(part)) forms.add(form);
    }
  }
  if (forms.size === 0) return (text) => text;
  // The longest first, so that no remainder of a longer secret is left beside a shorter one.
  const sorted = [...forms].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(
    sorted.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'),
    'g',
  );
  return (text) => text.replace(pattern, MASK);
}

/**
 * Every value that references bring into a resource. What cannot be resolved here is no secret of this machine
 * and is skipped: masking must not fail.
 */
export function secretsOf(definition: ResourceDefinition, sources: Omit<ReferenceSources, 'key'>): string[] {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value === 'string') {
      for (const secret of secretsIn(value, sources)) found.add(secret);
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  visit(definition);
  return [...found];
}

/** Reference by reference: one that fails must not hide another in the same text. */
function secretsIn(text: string, sources: Omit<ReferenceSources, 'key'>): string[] {
  return (text.match(/\$\$\{|\$\{(env|file):[^}]*\}/g) ?? []).flatMap((reference) => {
    try {
      return resolveReferences(reference, sources).secrets;
    } catch {
      return [];
    }
  });
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const url = encodeURIComponent(secret);
  const encoded = [0, 1, 2].flatMap((offset) => base64Within(bytes, offset));
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    url,
    url.replace(/%[0-9A-F]{2}/g, (digits) => digits.toLowerCase()),
    new URLSearchParams([['', secret]]).toString().slice(1),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    ...encoded,
  ];
}

/** The digits that depend on the secret alone where `offset` other bytes (modulo 3) come before it. */
function base64Within(bytes: Buffer, offset: number): string[] {
  const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
  const first = Math.ceil((offset * 8) / 6);
  const last = Math.floor((padded.length * 8) / 6);
  return (['base64', 'base64url'] as const)
    .map((kind) => padded.toString(kind).slice(first, last))
    .filter((digits) => digits.length >= MIN_ENCODED_LENGTH);
}
