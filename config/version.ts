import { readFileSync } from 'node:fs';

/** Of this Reveille, as package.json has it. */
export function reveilleVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
