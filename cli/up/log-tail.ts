import { readFileSync } from 'node:fs';

/** The last lines of a file; empty where it cannot be read. */
export function tailOf(path: string, lines = 20): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
