/** TCP routes that lead nowhere, or past the rules of who may come. */
import { addressesClash, isLoopback } from './addresses.js';
import type { Contradiction } from './contradictions.js';
import type { LooseConfigFile } from './schema.js';
import { tcpDoors } from './tcp-doors.js';

export function tcpContradictions(config: LooseConfigFile): Contradiction[] {
  return tcpDoors(config).flatMap(({ resource, route, path, host, port }) => {
    const found: Contradiction[] = [];
    const routePath = path.slice(0, -1);
    if (route.wakeAfter > route.buffer) {
      found.push({
        paths: [
          [...routePath, 'wakeAfter'],
          [...routePath, 'buffer'],
        ],
        message: `${route.wakeAfter} bytes are more than buffer, which is ${route.buffer}: they would never come`,
        expected: 'at most buffer',
      });
    }
    const { endpoint, access, wake } = config.resources[resource] ?? {};
    for (const [key, rule] of [
      ['access', access],
      ['wake', wake?.by],
    ] as const) {
      if (rule === undefined) continue;
      found.push({
        paths: [path, ['resources', resource, key]],
        message: `nobody is asked who they are at a TCP door, and ${resource} is not for everybody (${key})`,
        expected: `allow and deny in the route, and no ${key === 'access' ? key : 'wake.by'}`,
      });
    }
    if (endpoint !== undefined && endpoint.port === port && isSamePlace(endpoint.host, host)) {
      found.push({
        paths: [path, ['resources', resource, 'endpoint', 'port']],
        message: `port ${port} is that of the endpoint: the door would lead to itself`,
        expected: 'another port than that of the endpoint',
      });
    }
    return found;
  });
}

/** Whether who listens at a door's host takes what is sent to an endpoint's. */
function isSamePlace(endpoint: string, door: string): boolean {
  const one = { host: endpoint, port: 1 };
  return addressesClash(one, { host: door, port: 1 }) && (endpoint === door || isLoopback(endpoint));
}
