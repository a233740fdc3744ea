/** What is wrong with pools although each of their settings is right. */
import type { Contradiction } from './contradictions.js';
import { isNamedAfter, keyParts, MAX_POOL_NAME } from './members.js';
import type { PoolSettings } from './pool-schema.js';
import { isKeyPool } from './pools.js';
import { capturesOf } from './route-captures.js';
import type { LooseConfigFile } from './schema.js';
import type { Path } from './yaml-source.js';

type Loose = LooseConfigFile['resources'][string];

export function poolContradictions(config: LooseConfigFile): Contradiction[] {
  return [
    ...Object.entries(config.resources).flatMap(([name, one]) => [
      ...strayCaptures(['resources', name], one.pool, one.routes),
      ...(one.pool === undefined ? [] : template(config, name, one, one.pool)),
    ]),
    ...Object.entries(config.pools).flatMap(([name, one]) => [
      ...strayCaptures(['pools', name], undefined, one.routes),
      ...members(config, name),
    ]),
  ];
}

function template(
  config: LooseConfigFile,
  name: string,
  { endpoint, provider }: Loose,
  pool: PoolSettings,
): Contradiction[] {
  const at = (...keys: string[]): Path => ['resources', name, ...keys];
  const found: Contradiction[] = [];
  if (name.length > MAX_POOL_NAME || name.includes('--')) {
    const expected = `at most ${MAX_POOL_NAME} characters, and no -- in it`;
    found.push({ paths: [at(), at('pool')], message: `${name} leaves no room for members' names`, expected });
  }
  const taken = [...Object.keys(config.resources), ...Object.keys(config.pools)];
  for (const other of taken.filter((one) => isNamedAfter(name, one))) {
    found.push({
      paths: [['resources', other], at('pool')],
      message: `${other} is what a member of the pool ${name} may be called`,
      expected: `a name that does not begin with ${name}--`,
    });
  }
  const isOnHost = provider === 'process' || provider === 'qemu';
  if (isOnHost && endpoint.port !== 'auto') {
    const message = 'the members of a pool cannot share a port';
    found.push({ paths: [at('endpoint', 'port'), at('pool')], message, expected: 'auto' });
  }
  if (!isKeyPool(pool) && pool.min > pool.max) {
    const message = `${pool.min} is more than pool.max, which is ${pool.max}`;
    found.push({ paths: [at('pool', 'min'), at('pool', 'max')], message, expected: 'at most pool.max' });
  }
  if (!isKeyPool(pool)) return found;
  return [...found, ...twice(at('pool', 'key'), pool.key), ...unknowable(config, name, pool.key)];
}

/** Parts of a key that no request could tell. */
function unknowable({ proxy, resources }: LooseConfigFile, name: string, key: string[]): Contradiction[] {
  const path: Path = ['resources', name, 'pool', 'key'];
  const verified = keyParts(key).findIndex(({ from }) => from !== 'capture');
  const door = resources[name]?.routes.findIndex((route) => 'tcp' in route) ?? -1;
  const found: Contradiction[] = [];
  if (verified >= 0 && proxy.identity === undefined) {
    const message = 'proxy.identity is missing, so nobody has a name or a group';
    const expected = 'proxy.identity with jwt or headers, or captures only';
    found.push({
      paths: [
        [...path, verified],
        ['proxy', 'identity'],
      ],
      message,
      expected,
    });
  }
  if (door >= 0) {
    const message = 'nothing of a key is known of who connects to a TCP door';
    const expected = 'a pool with max instead of key, or no TCP route';
    found.push({ paths: [['resources', name, 'routes', door], path], message, expected });
  }
  return found;
}

/** A name that two parts of a key would give their parameter. */
function twice(path: Path, key: readonly string[]): Contradiction[] {
  const names = keyParts(key).map(({ name }) => name);
  const second = names.findIndex((name, index) => names.indexOf(name) < index);
  if (second < 0) return [];
  const message = `${names[second]} stands here twice, as a capture and as what is verified or both the same`;
  return [{ paths: [[...path, second]], message, expected: 'each name once' }];
}

/** Every route of a pool with a key gives the whole key, and nothing else captures. */
function strayCaptures(path: Path, pool: PoolSettings | undefined, routes: Loose['routes']): Contradiction[] {
  const key = pool !== undefined && isKeyPool(pool) ? keyParts(pool.key) : [];
  const wanted = key.filter(({ from }) => from === 'capture').map(({ name }) => name);
  return routes.flatMap((route, index) => {
    if ('tcp' in route) return [];
    const names = capturesOf(route);
    const stray = names.find((name, at) => !wanted.includes(name) || names.indexOf(name) < at);
    const missing = wanted.find((name) => !names.includes(name));
    if (stray === undefined && missing === undefined) return [];
    const message =
      stray === undefined ? `{${missing}} of pool.key is not captured` : `{${stray}} is no part of pool.key`;
    const expected =
      wanted.length === 0 ? 'no captures, or a pool with a key' : `each capture of pool.key once: ${wanted}`;
    return [{ paths: [[...path, 'routes', index]] as [Path], message, expected }];
  });
}

function members({ resources, pools }: LooseConfigFile, name: string): Contradiction[] {
  const found: Contradiction[] = [];
  const path: Path = ['pools', name];
  if (Object.hasOwn(resources, name)) {
    const message = `${name} is also the name of a resource`;
    found.push({ paths: [path, ['resources', name]], message, expected: 'a name of its own' });
  }
  const seen = new Set<string>();
  const hasDoor = pools[name]?.routes.some((route) => 'tcp' in route);
  (pools[name]?.members ?? []).forEach((resource, index) => {
    const at: [Path] = [[...path, 'members', index]];
    const definition = Object.hasOwn(resources, resource) ? resources[resource] : undefined;
    if (definition === undefined || definition.pool !== undefined) {
      const what = definition === undefined ? 'no resource of this file' : 'a pool itself';
      found.push({ paths: at, message: `${resource} is ${what}`, expected: 'the name of a resource' });
    } else if (seen.has(resource)) {
      found.push({ paths: at, message: `${resource} stands here twice`, expected: 'each resource once' });
    }
    seen.add(resource);
    if (hasDoor && definition !== undefined && (definition.access ?? definition.wake.by) !== undefined) {
      const message = `nobody is asked who they are at a TCP door, and ${resource} is not for everybody`;
      found.push({ paths: at, message, expected: 'a resource without access and wake.by' });
    }
  });
  return found;
}
