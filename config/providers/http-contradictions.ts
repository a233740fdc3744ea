/** What does not go together in a resource of the provider `http`. */
import type { Contradiction } from '../contradictions.js';
import type { LooseConfigFile } from '../schema.js';
import type { Path } from '../yaml-source.js';

export function httpContradictions({ resources }: LooseConfigFile): Contradiction[] {
  return Object.entries(resources).flatMap(([name, { http, idle }]) => {
    if (http === undefined) return [];
    const at = (...keys: string[]): Path => ['resources', name, ...keys];
    const found: Contradiction[] = [];
    for (const key of ['lookup', 'spawn'] as const) {
      if (http[key] !== undefined || http.preset !== undefined) continue;
      found.push({
        paths: [at('http', key)],
        atKey: true,
        message: 'is missing',
        expected: 'a call, or a preset',
      });
    }
    if (idle.then === 'suspend') {
      const message = 'the provider http knows no suspending';
      found.push({ paths: [at('idle', 'then'), at('http')], message, expected: 'stop or delete' });
    }
    return found;
  });
}
