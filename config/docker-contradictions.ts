import type { Contradiction } from './contradictions.js';
import type { LooseConfigFile } from './schema.js';
import { either } from './wording.js';
import type { Path } from './yaml-source.js';

const SOURCES = ['image', 'container', 'label', 'compose'] as const;
/** Said when a container is created; one that exists has its own. */
const OF_CREATION = [
  'load',
  'command',
  'entrypoint',
  'user',
  'workdir',
  'memory',
  'cpus',
  'gpus',
  'network',
  'healthcheck',
] as const;

/** What resources of the provider `docker` cannot be at once. */
export function dockerContradictions({ resources }: LooseConfigFile): Contradiction[] {
  return Object.entries(resources).flatMap(([name, { docker, lease }]) => {
    if (docker === undefined) return [];
    const at = (...keys: string[]): Path => ['resources', name, ...keys];
    const found: Contradiction[] = [];
    const told = (paths: [Path, ...Path[]], message: string, expected: string) =>
      found.push({ paths, message, expected });

    const [source, second] = SOURCES.filter((key) => docker[key] !== undefined);
    if (source === undefined) told([at('docker')], 'says of no container', `one of ${either(SOURCES)}`);
    else if (second !== undefined) {
      told(
        [at('docker', second), at('docker', source)],
        `${second} and ${source} exclude each other`,
        'one of them',
      );
    } else if (source !== 'image') {
      for (const key of OF_CREATION.filter((one) => docker[one] !== undefined)) {
        told(
          [at('docker', key), at('docker', source)],
          `goes with image, not with ${source}`,
          'no such line',
        );
      }
    }
    if ((docker.compose === undefined) !== (docker.service === undefined)) {
      const [given, missing] = docker.compose === undefined ? ['service', 'compose'] : ['compose', 'service'];
      told(
        [at('docker', given), at('docker', missing)],
        `${missing} is missing`,
        'compose and service together',
      );
    }
    if (docker.port === undefined && docker.network !== 'host') {
      told([at('docker'), at('docker', 'port')], 'port is missing', 'the port that the container listens on');
    }
    if (docker.network === 'host' && docker.reach === 'address') {
      told(
        [at('docker', 'reach'), at('docker', 'network')],
        'with network: host it has no address',
        'published',
      );
    }
    // Another container may have the address as soon as this one has stopped: leases.md 14.
    if (docker.reach === 'address' && lease.stretch > 0) {
      told(
        [at('docker', 'reach'), at('lease', 'stretch')],
        'the engine may give the address to another container at once, and lease.stretch lets proxies use it longer',
        'lease: { stretch: 0 } beside it',
      );
    }
    return found;
  });
}
