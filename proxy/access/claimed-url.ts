/**
 * The static URLs of the smart proxy of old: PATH/RESOURCE/GROUP,GROUP/rest. The groups in it are a claim that
 * nobody checks; identity.ts says from whom it is taken.
 */
import type { Config } from '../../config/index.js';
import { meaningsOf, pathOf } from '../request-target.js';
import type { Route } from '../router.js';

export class ClaimedUrls {
  readonly #prefix: string;

  constructor(
    path: string,
    private readonly resources: Config['resources'],
    private readonly listensOnLoopback: boolean,
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
    const definition = Object.hasOwn(this.resources, resource) ? this.resources[resource] : undefined;
    if (definition === undefined || groups === undefined) return 'unknown';
    return {
      resource,
      prefix: `${this.#prefix}${resource}/${groups}`,
      strip: true,
      hostHeader: definition.hostHeader === 'keep' ? undefined : definition.hostHeader,
      showLog: this.listensOnLoopback || definition.expose.logs,
      claimedGroups: groups.split(',').filter((group) => group !== ''),
    };
  }
}
