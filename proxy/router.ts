/**
 * Which resource a request is for. A route with a host comes before one without; within them the longest path
 * prefix wins, on segment boundaries. What is written out comes before what captures. Tables are built once per
 * configuration.
 */
import type { Config, RouteDefinition } from '../config/index.js';
import { poolsOf } from './pool/pools.js';
import { hostName, meaningsOf, pathOf } from './request-target.js';
import type { Pattern, Pool, Route } from './route.js';
import { hostPattern, pathPattern, prefixOf } from './route-pattern.js';

export type { Route } from './route.js';

/** Routes by path prefix. */
class PathTable {
  readonly #routes = new Map<string, Route>();
  /** Those that capture, the longest first. */
  #patterns: { route: Route; test: RegExp; depth: number; literal: number }[] = [];
  /** Segments of the longest prefix: no path is looked at further. */
  #depth = 0;

  add(route: Route): void {
    const depth = route.prefix.split('/').length - 1;
    if (route.path !== undefined) {
      this.#patterns.push({ route, ...route.path, depth });
      this.#patterns.sort((a, b) => b.depth - a.depth || b.literal - a.literal);
      return;
    }
    // The first one wins, as the configuration's order has it.
    if (this.#routes.has(route.prefix)) return;
    this.#routes.set(route.prefix, route);
    this.#depth = Math.max(this.#depth, depth);
  }

  match(path: string): Route | undefined {
    let found = this.#routes.get('');
    let foundDepth = 0;
    let end = 0;
    for (let depth = 1; depth <= this.#depth && end < path.length; depth++) {
      const slash = path.indexOf('/', end + 1);
      end = slash < 0 ? path.length : slash;
      const longer = this.#routes.get(path.slice(0, end));
      if (longer === undefined) continue;
      found = longer;
      foundDepth = depth;
    }
    for (const { route, test, depth } of this.#patterns) {
      if (found !== undefined && depth <= foundDepth) break;
      if (test.test(path)) return route;
    }
    return found;
  }
}

const KNOWN_HOSTS = 1000;
const NO_TABLES: readonly PathTable[] = [];

export class Router {
  readonly #hosts = new Map<string, PathTable>();
  /** Hosts that capture, those with the most text of their own first. */
  readonly #hostPatterns: (Pattern & { text: string; table: PathTable })[] = [];
  readonly #anyHost = new PathTable();
  /** Tables by the authority as clients write it: saves taking it apart each time. Bounded: clients choose it. */
  readonly #byAuthority = new Map<string, readonly PathTable[]>();

  constructor(
    config: Pick<Config, 'resources' | 'pools'>,
    listensOnLoopback: boolean,
    pools: ReadonlyMap<string, Pool> = poolsOf(config, listensOnLoopback),
  ) {
    for (const [resource, definition] of Object.entries(config.resources)) {
      const { hostHeader, expose } = definition;
      const more = {
        hostHeader: hostHeader === 'keep' ? undefined : hostHeader,
        showLog: listensOnLoopback || expose.logs,
      };
      for (const route of definition.routes) {
        if ('tcp' in route) continue;
        this.#add({ resource, pool: pools.get(resource), ...more }, route);
      }
    }
    for (const [resource, { routes }] of Object.entries(config.pools)) {
      const pool = pools.get(resource);
      const more = { hostHeader: undefined, showLog: listensOnLoopback };
      for (const route of routes) {
        if (!('tcp' in route)) this.#add({ resource, pool, ...more }, route);
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
    const tables = authority === undefined ? NO_TABLES : this.#tablesOf(authority);
    const path = pathOf(target);
    const route = this.#find(tables, path);
    const meanings = meaningsOf(path);
    if (meanings === undefined) return route;
    for (const meaning of meanings) {
      const other = this.#find(tables, meaning);
      if (other !== route) return 'ambiguous';
      // The same route, but perhaps for somebody else.
      if (route?.path !== undefined && prefixOf(route, meaning) !== prefixOf(route, path)) return 'ambiguous';
    }
    return route;
  }

  #add(
    base: Pick<Route, 'resource' | 'pool' | 'hostHeader' | 'showLog'>,
    definition: Exclude<RouteDefinition, { tcp: unknown }>,
  ): void {
    const isPath = 'path' in definition;
    const prefix = (isPath ? definition.path : '/').replace(/\/+$/, '');
    const host = definition.host === undefined ? undefined : hostName(definition.host);
    this.#table(host).add({
      ...base,
      label: base.resource,
      rulesOf: base.resource,
      prefix,
      host: host === undefined ? undefined : hostPattern(host),
      path: pathPattern(prefix),
      strip: isPath && definition.strip,
    });
  }

  #find(tables: readonly PathTable[], path: string): Route | undefined {
    for (const table of tables) {
      const found = table.match(path);
      if (found !== undefined) return found;
    }
    return this.#anyHost.match(path);
  }

  #table(host: string | undefined): PathTable {
    if (host === undefined) return this.#anyHost;
    const pattern = hostPattern(host);
    if (pattern !== undefined) return this.#patternTable(host, pattern);
    const table = this.#hosts.get(host) ?? new PathTable();
    this.#hosts.set(host, table);
    return table;
  }

  #patternTable(text: string, pattern: Pattern): PathTable {
    const known = this.#hostPatterns.find((one) => one.text === text);
    if (known !== undefined) return known.table;
    const table = new PathTable();
    this.#hostPatterns.push({ ...pattern, text, table });
    this.#hostPatterns.sort((a, b) => b.literal - a.literal);
    return table;
  }

  #tablesOf(authority: string): readonly PathTable[] {
    if (this.#hosts.size === 0 && this.#hostPatterns.length === 0) return NO_TABLES;
    const known = this.#byAuthority.get(authority);
    if (known !== undefined) return known;
    if (this.#byAuthority.size >= KNOWN_HOSTS) this.#byAuthority.clear();
    const name = hostName(authority);
    const exact = this.#hosts.get(name);
    const tables = this.#hostPatterns.filter(({ test }) => test.test(name)).map(({ table }) => table);
    if (exact !== undefined) tables.unshift(exact);
    this.#byAuthority.set(authority, tables);
    return tables;
  }
}
