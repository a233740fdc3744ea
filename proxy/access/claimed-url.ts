/**
 * The static URLs of the smart proxy of old: PATH/RESOURCE/GROUP,GROUP/rest. The groups in it are a claim that
 * nobody checks; identity.ts says from whom it is taken.
 */
import type { Config } from '../../config/index.js';
import { meaningsOf, pathOf } from '../request-target.js';
import type { Pool, Route } from '../route.js';

export class ClaimedUrls {
  readonly #prefix: string;

  constructor(
    path: string,
    private readonly config: Pick<Config, 'resources' | 'pools'>,
    private readonly listensOnLoopback: boolean,
    private readonly pools: ReadonlyMap<string, Pool>,
  ) {
    this.#prefix = `${path.replace(/\/+$/, '')}/`;
  }

  /** @returns undefined where the target is no such URL; 'ambiguous' where servers could read it differently. */
  match(target: string): Route | 'unknown' | 'ambiguous' | undefined {
    const path = pathOf(target);
    const meanings = meaningsOf(path);
    if (meanings === undefined) return path.startsWith(this.#prefix) ? this.#route(path) : undefined;
    const head = this.#headOf(path);
    for (const meaning of meanings) if (this.#headOf(meaning) !== head) return 'ambiguous';
    return head === undefined ? undefined : this.#route(path);
  }

  /** The part that says where it leads. */
  #headOf(path: string): string | undefined {
    if (!path.startsWith(this.#prefix)) return undefined;
    const [resource, groups] = path.slice(this.#prefix.length).split('/', 2);
    return `${this.#prefix}${resource}/${groups ?? ''}`;
  }

  #route(path: string): Route | 'unknown' {
    const [resource = '', groups] = path.slice(this.#prefix.length).split('/', 2);
    const { resources } = this.config;
    const definition = Object.hasOwn(resources, resource) ? resources[resource] : undefined;
    const pool = this.pools.get(resource);
    if ((definition ?? pool) === undefined || groups === undefined) return 'unknown';
    const hostHeader = definition?.hostHeader ?? 'keep';
    return {
      resource,
      label: resource,
      rulesOf: resource,
      pool,
      host: undefined,
      path: undefined,
      prefix: `${this.#prefix}${resource}/${groups}`,
      strip: true,
      hostHeader: hostHeader === 'keep' ? undefined : hostHeader,
      showLog: this.listensOnLoopback || definition?.expose.logs === true,
      claimedGroups: groups.split(',').filter((group) => group !== ''),
    };
  }
}
