import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type Config,
  ConfigError,
  formatDuration,
  formatIssue,
  leaseTime,
  loadConfig,
  type ResourceDefinition,
  type RouteDefinition,
  resolveReferences,
} from '../config/index.js';
import { isReveilleError } from '../errors/index.js';

/** What a command has to print, and its exit code. */
export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

interface Summary {
  name: string;
  provider: string;
  /** As host and path: `hello.localhost/`, `/hello`; or `tcp 2222`. */
  routes: string[];
  /** Times as in the file. */
  sleepsAfter: string;
  lease: string;
  bootTimeout: string;
}

interface PoolSummary {
  name: string;
  members: string[];
  routes: string[];
}

/**
 * `reveille check`: is this file usable? Prints what it says, or everything that is wrong with it (exit code 1).
 * What may be right elsewhere, such as a variable that is not set here, is a warning and no error: the file may
 * be checked on another machine than the one that runs it.
 * @param options.json one object on standard output: `{ valid, file, resources, pools, warnings }`, or
 * `{ valid, file, code, message, issues }`.
 */
export function checkCommand(file: string, options: { json?: boolean } = {}): CommandResult {
  let config: Config;
  try {
    config = loadConfig(file);
  } catch (error) {
    if (error instanceof ConfigError) return refused(file, error, options.json === true);
    throw error;
  }
  const resources = Object.entries(config.resources).map(([name, definition]) => summarize(name, definition));
  const pools = Object.entries(config.pools).map(
    ([name, { members, routes }]): PoolSummary => ({ name, members, routes: routes.map(routeText) }),
  );
  const warnings = warningsOf(config);
  const stderr = warnings.map((warning) => `warning: ${warning}\n`).join('');
  const stdout = options.json
    ? `${JSON.stringify({ valid: true, file, resources, pools, warnings })}\n`
    : `${file} is valid\n${resources.length === 0 ? 'It has no resources.\n' : table(resources, pools)}`;
  return { exitCode: 0, stdout, stderr };
}

function refused(file: string, error: ConfigError, json: boolean): CommandResult {
  const { code, message, issues, remedy } = error;
  if (json) {
    return {
      exitCode: 1,
      stdout: `${JSON.stringify({ valid: false, file, code, message, issues })}\n`,
      stderr: '',
    };
  }
  if (issues.length === 0) return { exitCode: 1, stdout: '', stderr: `${message}\n${remedy}\n` };
  const count = issues.length === 1 ? '1 error' : `${issues.length} errors`;
  return { exitCode: 1, stdout: '', stderr: `${issues.map(formatIssue).join('\n')}\n${count}\n` };
}

function summarize(name: string, definition: ResourceDefinition): Summary {
  return {
    name,
    provider: definition.provider,
    routes: definition.routes.map(routeText),
    sleepsAfter: formatDuration(definition.idle.after),
    lease: formatDuration(leaseTime(definition)),
    bootTimeout: formatDuration(definition.boot.timeout),
  };
}

function routeText(route: RouteDefinition): string {
  if ('tcp' in route) return `tcp ${route.tcp}`;
  return `${route.host ?? ''}${'path' in route ? route.path : '/'}`;
}

/** How requests find a resource that may have no route of its own. */
function ways({ name, routes }: Summary, pools: readonly PoolSummary[]): string {
  const through = pools.filter(({ members }) => members.includes(name)).map((pool) => `pool ${pool.name}`);
  return [...routes, ...through].join(', ') || 'none';
}

function table(resources: readonly Summary[], pools: readonly PoolSummary[]): string {
  const rows = [
    ['RESOURCE', 'PROVIDER', 'SLEEPS AFTER', 'LEASE', 'BOOT WITHIN', 'ROUTES'],
    ...resources.map((one) => [
      one.name,
      one.provider,
      one.sleepsAfter,
      one.lease,
      one.bootTimeout,
      ways(one, pools),
    ]),
    ...pools.map(({ name, routes }) => [name, 'pool', '', '', '', routes.join(', ') || 'none']),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** What is valid, and yet may not work on this machine. */
export function warningsOf(config: Config): string[] {
  const root = process.getuid?.() === 0;
  const users = Object.entries(config.resources).flatMap(([name, { process: settings }]) =>
    settings?.user === undefined || root
      ? []
      : [`resources.${name}.process.user: only a worker that is root can run it as ${settings.user}`],
  );
  return [...users, ...missingPages(config), ...unresolved(config, config.folder, '')];
}

/** The template of the waiting page is read by the proxy, which would refuse to start without it. */
function missingPages({ folder, proxy }: Config): string[] {
  const pages = proxy.waiting.folder;
  if (pages === undefined || existsSync(resolve(folder, pages, 'waiting.html'))) return [];
  return [`proxy.waiting.folder: there is no ${resolve(folder, pages, 'waiting.html')}`];
}

/** Every reference that cannot be resolved in this environment, by its key. */
function unresolved(value: unknown, folder: string, key: string): string[] {
  if (typeof value === 'string') {
    try {
      resolveReferences(value, { env: process.env, folder, key });
      return [];
    } catch (error) {
      if (isReveilleError(error)) return [error.message];
      throw error;
    }
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([part, inner]) => {
    const step = Array.isArray(value) ? `[${part}]` : `${key === '' ? '' : '.'}${part}`;
    return unresolved(inner, folder, key + step);
  });
}
