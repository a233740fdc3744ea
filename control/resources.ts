/** The resources as the API and the page show them: the configuration and Temporal put together. */
import {
  type Config,
  capturesOf,
  definitionOf,
  filled,
  leaseTime,
  nearest,
  type Params,
  type ResourceDefinition,
  type RouteDefinition,
  revisionOf,
  templateOf,
} from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import { type StatusState, workflowId } from '../workflows/messages.js';
import type { ConfigurationSummary, ResourceDetails, ResourceSummary } from './contract.js';
import { inParallel } from './in-parallel.js';
import { routeUrl, workflowUrl } from './links.js';
import { call, type Known, type Plane, statusOf } from './plane.js';
import { isPool, namedPool, whoseNames } from './pools.js';
import type { Statuses } from './statuses.js';

/**
 * Up to so many resources of the configuration each that is not in the server's list of awake ones is asked itself:
 * on a cluster that list may be a second behind.
 */
const ASK_EACH = 64;
/** Of a name that somebody has typed. */
const SHOWN_CHARS = 80;

/**
 * Every resource of the configuration, and those that are awake and have left it, by name.
 * @throws ReveilleError TEMPORAL_UNREACHABLE.
 */
export async function listResources(
  config: Config,
  plane: Plane,
  statuses: Statuses,
): Promise<ResourceSummary[]> {
  const runs = await call(plane, () => plane.resources.openRuns());
  const open = runs.map(({ name }) => name);
  const known = await statuses.of(config, runs);
  const others = Object.keys(config.resources).filter((name) => !isPool(config, name) && !known.has(name));
  const asks = others.length <= ASK_EACH;
  const told = await inParallel(others, async (name): Promise<[string, Known]> => {
    return [name, asks ? await statusOf(plane, name) : { status: undefined }];
  });
  const lines = [...known, ...told].map(([name, one]) => summary(config, name, one));
  const shown = lines.filter((line) => line.configured || line.phase !== 'asleep');
  return [...shown, ...poolsAmong(config, open)].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Pools have a line of their own; members made from a template are lines where they are awake. */
function poolsAmong(config: Config, open: readonly string[]): ResourceSummary[] {
  const names = [...Object.keys(config.resources), ...Object.keys(config.pools)];
  return names.filter((name) => isPool(config, name)).map((name) => poolSummary(config, name, open));
}

function poolSummary(config: Config, name: string, open: readonly string[]): ResourceSummary {
  const named = namedPool(config, name);
  const members = open.filter(whoseNames(config, name)).length;
  const { url, ...line } = summary(config, name, { status: undefined });
  const [route] = named?.routes ?? [];
  const shown = route === undefined ? url : routeUrl(config, route);
  return {
    ...line,
    configured: true,
    phase: members > 0 ? 'ready' : 'asleep',
    members,
    ...(shown === undefined ? {} : { url: shown }),
    // No execution ever has a pool's name.
    workflow: { id: workflowId(name) },
  };
}

/**
 * @throws ReveilleError RESOURCE_UNKNOWN where it is neither configured nor awake, TEMPORAL_UNREACHABLE.
 */
export async function showResource(config: Config, plane: Plane, name: string): Promise<ResourceDetails> {
  const definition = definitionOf(config, name) ?? templateOf(config, name);
  if (isPool(config, name)) {
    const open = (await call(plane, () => plane.resources.openRuns())).map((run) => run.name);
    const memberNames = namedPool(config, name)?.members ?? open.filter(whoseNames(config, name)).sort();
    const line = poolSummary(config, name, open);
    return { ...line, now: Date.now(), memberNames, ...configurationOf(config, definition) };
  }
  const known = await statusOf(plane, name);
  if ('trouble' in known && known.trouble.code === 'TEMPORAL_UNREACHABLE') throw known.trouble;
  const status = 'status' in known ? known.status : undefined;
  const line = summary(config, name, known);
  if (definition === undefined && line.phase === 'asleep') throw unknown(config, name);
  return {
    ...line,
    now: Date.now(),
    ...(status === undefined ? {} : { status }),
    ...configurationOf(config, definition, status?.params),
  };
}

function configurationOf(config: Config, definition: ResourceDefinition | undefined, params?: Params) {
  return definition === undefined ? {} : { configuration: describe(config, definition, params) };
}

export function unknown({ resources, pools }: Config, name: string): ReveilleError {
  const told = name.slice(0, SHOWN_CHARS);
  const meant = nearest(told, [...Object.keys(resources), ...Object.keys(pools)]);
  const hint = meant === undefined ? '' : `. Did you mean ${meant}?`;
  return new ReveilleError('RESOURCE_UNKNOWN', `There is no resource named ${JSON.stringify(told)}${hint}`);
}

/** A route with all that it captures; undefined where that is not known. */
function routeOf(route: RouteDefinition | undefined, params: Params = {}): RouteDefinition | undefined {
  if (route === undefined || !capturesOf(route).every((name) => Object.hasOwn(params, name)))
    return undefined;
  return filled(route, (name) => params[name] ?? '');
}

/** One line of the list; also for a resource of which nothing is known. */
export function summary(config: Config, name: string, known: Known): ResourceSummary {
  const definition = definitionOf(config, name) ?? templateOf(config, name);
  const status = 'status' in known ? known.status : undefined;
  const route = routeOf(definition?.routes[0], status?.params);
  const link = workflowUrl(config, name);
  return {
    name,
    phase: 'unknown',
    configured: definition !== undefined,
    ...(definition === undefined ? {} : { provider: definition.provider }),
    ...(route === undefined ? {} : { url: routeUrl(config, route) }),
    workflow: { id: workflowId(name), ...(link === undefined ? {} : { url: link }) },
    open: 0,
    pinned: false,
    keptAwakeBy: [],
    ...('trouble' in known
      ? { trouble: { code: known.trouble.code, message: known.trouble.message } }
      : stateOf(known.status, definition)),
  };
}

function stateOf(
  status: StatusState | undefined,
  definition: ResourceDefinition | undefined,
): Partial<ResourceSummary> {
  if (status === undefined) return { phase: 'asleep' };
  const { phase, since, open, pinned, keptAwakeBy, idleDeadline, ahead, image, retryAt, failure, provider } =
    status;
  const { wokenBy, wokenAt, lastActivity } = status;
  const outdated = definition !== undefined && status.revision !== revisionOf(definition);
  return {
    phase,
    since,
    ...(wokenBy === undefined ? {} : { wokenBy }),
    wokenAt,
    lastActivity,
    open,
    pinned,
    keptAwakeBy,
    provider,
    ...(idleDeadline === undefined ? {} : { idleDeadline }),
    ...(ahead === undefined ? {} : { ahead }),
    ...(image === undefined ? {} : { image }),
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(failure === undefined ? {} : { failure }),
    ...(outdated ? { outdated } : {}),
  };
}

function describe(config: Config, definition: ResourceDefinition, params?: Params): ConfigurationSummary {
  const { provider, routes, idle, health, boot } = definition;
  return {
    provider,
    routes: routes.map((route) => routeUrl(config, routeOf(route, params) ?? route)),
    idle: { after: idle.after, then: idle.then, probe: idle.probe !== undefined },
    lease: leaseTime(definition),
    health: healthInWords(health),
    bootTimeout: boot.timeout,
  };
}

function healthInWords(health: ResourceDefinition['health']): string {
  if (health === 'none') return 'none';
  if ('tcp' in health) return 'TCP connect';
  return 'path' in health ? `GET ${health.path}` : `command ${health.command[0]}`;
}
