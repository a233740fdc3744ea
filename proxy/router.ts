/**
 * Which resource a request is for. A route with a host comes before one without; within them the longest path
 * prefix wins, on segment boundaries. Tables are built once per configuration.
 */
import type { Config } from '../config/index.js';
import { hostName, meaningsOf, pathOf } from './request-target.js';

/** One route, with what forwarding along it needs. */
export interface Route {
  readonly resource: string;
  /** Without a trailing slash; empty for all paths. */
  readonly prefix: string;
  readonly strip: boolean;
  /** Host field towards the instance; undefined keeps the client's. */
  readonly hostHeader: string | undefined;
  /** Clients may see the resource's log. */
  readonly showLog: boolean;
  /** Groups that the URL itself names; see access/claimed-url.ts. */
  readonly claimedGroups?: readonly string[];
}

/** Routes by path prefix. */
class PathTable {
  readonly #routes = new Map<string, Route>();
  /** Segments of the longest prefix: no path is looked at further. */
  #depth = 0;

  add(route: Route): void {
    // The first one wins, as the configuration's order has it.
    if (this.#routes.has(route.prefix)) return;
    this.#routes.set(route.prefix, route);
    this.#depth = Math.max(this.#depth, route.prefix.split('/').length - 1);
  }

  match(path: string): Route | undefined {
    let found = this.#routes.get('');
    let end = 0;
    for (let depth = 0; depth < this.#depth && end < path.length; depth++) {
      const slash = path.indexOf('/', end + 1);
      end = slash < 0 ? path.length : slash;
      found = this.#routes.get(path.slice(0, end)) ?? found;
    }
    return found;
  }
}

const KNOWN_HOSTS = 1000;

export class Router {
  readonly #hosts = new Map<string, PathTable>();
  readonly #anyHost = new PathTable();
  /** Tables by the authority as clients write it: saves taking it apart each time. Bounded: clients choose it. */
  readonly #byAuthority = new Map<string, PathTable | undefined>();

  constructor(config: Pick<Config, 'resources'>, listensOnLoopback: boolean) {
    for (const [resource, definition] of Object.entries(config.resources)) {
      for (const route of definition.routes) {
        if ('tcp' in route) continue;
        const path = 'path' in route ? route.path : '/';
        this.#table(route.host).add({
          resource,
          prefix: path.replace(/\/+$/, ''),
          strip: 'path' in route && route.strip,
          hostHeader: definition.hostHeader === 'keep' ? undefined : definition.hostHeader,
          showLog: listensOnLoopback || definition.expose.logs,
        });
      }
    }
  }

  /**
   * @param authority the client's host, with or without port.
   * @param target path and query in origin-form.
   * @returns the route, undefined where there is none, or 'ambiguous' where servers could read the path as one
   * that leads elsewhere.
   */
  match(authority: string | undefined, target: string): Route | undefined | 'ambiguous' {
    const table = authority === undefined ? undefined : this.#tableOf(authority);
    const path = pathOf(target);
    const route = this.#find(table, path);
    const meanings = meaningsOf(path);
    if (meanings === undefined) return route;
    for (const meaning of meanings) if (this.#find(table, meaning) !== route) return 'ambiguous';
    return route;
  }

  #find(table: PathTable | undefined, path: string): Route | undefined {
    return table?.match(path) ?? this.#anyHost.match(path);
  }

  #table(host: string | undefined): PathTable {
    if (host === undefined) return this.#anyHost;
    const name = hostName(host);
    const table = this.#hosts.get(name) ?? new PathTable();
    this.#hosts.set(name, table);
    return table;
  }

  #tableOf(authority: string): PathTable | undefined {
    const known = this.#byAuthority.get(authority);
    if (known !== undefined) return known;
    if (this.#hosts.size === 0 || this.#byAuthority.has(authority)) return undefined;
    if (this.#byAuthority.size >= KNOWN_HOSTS) this.#byAuthority.clear();
    const table = this.#hosts.get(hostName(authority));
    this.#byAuthority.set(authority, table);
    return table;
  }
}
