import { type Config, definitionOf, isKeyPool, numberedMembers } from '../../config/index.js';
import type { Pool } from '../route.js';
import { KeyedPool } from './keyed-pool.js';
import { type Member, SeveralPool } from './several-pool.js';

/** The pools of a configuration by name. */
export function poolsOf(
  config: Pick<Config, 'resources' | 'pools'>,
  listensOnLoopback: boolean,
): Map<string, Pool> {
  const pools = new Map<string, Pool>();
  for (const [name, { pool, hostHeader, expose }] of Object.entries(config.resources)) {
    if (pool === undefined) continue;
    if (isKeyPool(pool)) pools.set(name, new KeyedPool(name, pool));
    else {
      const same = { hostHeader: kept(hostHeader), showLog: listensOnLoopback || expose.logs };
      const members = numberedMembers(name, pool.max).map((one): Member => ({ ...one, ...same }));
      pools.set(name, new SeveralPool(name, members, pool));
    }
  }
  for (const [name, settings] of Object.entries(config.pools)) {
    const members = settings.members.flatMap((resource): Member[] => {
      const definition = definitionOf(config, resource);
      if (definition === undefined) return [];
      const { hostHeader, expose } = definition;
      const showLog = listensOnLoopback || expose.logs;
      return [{ name: resource, params: undefined, hostHeader: kept(hostHeader), showLog }];
    });
    pools.set(name, new SeveralPool(name, members, settings));
  }
  return pools;
}

const kept = (hostHeader: string): string | undefined => (hostHeader === 'keep' ? undefined : hostHeader);
