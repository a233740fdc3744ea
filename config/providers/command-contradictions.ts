/** What does not go together in a resource of the provider `command`. */
import type { Contradiction } from '../contradictions.js';
import type { LooseConfigFile } from '../schema.js';
import type { Path } from '../yaml-source.js';

type Loose = LooseConfigFile['resources'][string];

export function commandContradictions({ resources }: LooseConfigFile): Contradiction[] {
  return Object.entries(resources).flatMap(([name, one]) =>
    one.command === undefined ? [] : [...suspending(name, one), ...ownEndpoints(name, one)],
  );
}

function suspending(name: string, { idle }: Loose): Contradiction[] {
  if (idle.then !== 'suspend') return [];
  const at = (...keys: string[]): Path => ['resources', name, ...keys];
  const message = 'the provider command knows no suspending';
  return [{ paths: [at('idle', 'then'), at('command')], message, expected: 'stop or delete' }];
}

/** An endpoint for each connection leaves nothing that could be probed, shared or known before. */
function ownEndpoints(name: string, { command, health, endpoint, pool, routes }: Loose): Contradiction[] {
  if (command?.perConnection !== true) return [];
  const found: Contradiction[] = [];
  const wrong = (keys: (string | number)[], message: string, expected: string) => {
    const at: Path = ['resources', name, ...keys];
    found.push({ paths: [at, ['resources', name, 'command', 'perConnection']], message, expected });
  };
  if (health !== 'none') {
    wrong(['health'], 'with command.perConnection there is no endpoint that could be probed', 'none');
  }
  if (command.check !== undefined) {
    wrong(['command', 'check'], 'start is run for each connection, whatever check says', 'one of the two');
  }
  if (endpoint.port !== 'auto') {
    wrong(['endpoint', 'port'], 'with command.perConnection each start says its endpoint', 'auto');
  }
  if (pool !== undefined) wrong(['pool'], 'command.perConnection chooses among instances itself', 'no pool');
  routes.forEach((route, index) => {
    if (!('tcp' in route)) {
      wrong(
        ['routes', index],
        'only connections have endpoints of their own',
        'a TCP route, such as { tcp: 2222 }',
      );
    }
  });
  return found;
}
