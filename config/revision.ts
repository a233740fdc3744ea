import { createHash } from 'node:crypto';
import type { ResourceDefinition } from './resource-schema.js';

/**
 * Names a definition as it stands in the file: 12 hexadecimal digits, the same whatever the order of the keys.
 * References are hashed as written, so a changed secret is the same revision and no history holds its hash.
 */
export function revisionOf(definition: ResourceDefinition): string {
  return createHash('sha256').update(canonical(definition)).digest('hex').slice(0, 12);
}

/** JSON with sorted keys; keys without a value are left out. Equal texts mean equal values. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}
