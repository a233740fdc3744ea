import express, { type Request, Router } from 'express';
import {
  type Config,
  definitionOf,
  isMember,
  type Params,
  paramsOfName,
  poolOfMember,
} from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import type { StopMode } from '../workflows/messages.js';
import { accepted, cause, done, gone, until } from './actions.js';
import { type Action, type InstanceResult, RESOURCES_PATH, type ResourceList } from './contract.js';
import { type CostBook, withCosts } from './cost.js';
import { HistoryBook } from './history.js';
import { bodies, pinnedUntil, queries, RESOURCE_NAME, read } from './inputs.js';
import { Instances, isInstance } from './instances.js';
import { logOf, sendLog } from './logs.js';
import { call, type Plane } from './plane.js';
import { isPool } from './pools.js';
import { listResources, showResource, unknown } from './resources.js';
import type { Statuses } from './statuses.js';

const ONE = `${RESOURCES_PATH}/:name`;
const BODY_LIMIT = '64kb';

type Named = Request<{ name: string }>;

interface ResourcesApiParts {
  plane: Plane;
  costs: CostBook;
  statuses: Statuses;
  /** Has all parts read the configuration again. */
  reload: () => void;
}

/** The routes under /api/v1/resources. @param config asked for each request: a reload changes it. */
export function resourcesApi(
  config: () => Config,
  { plane, costs, statuses, reload }: ResourcesApiParts,
): Router {
  const router = Router({ caseSensitive: true });
  router.use(RESOURCES_PATH, express.json({ limit: BODY_LIMIT }));
  router.param('name', (req, _res, next, name: string) => {
    // An own error for what could never be a name: it is not asked for in Temporal, nor in the file system.
    if (!RESOURCE_NAME.test(name)) throw req.method === 'PUT' ? noName(name) : unknown(config(), name);
    next();
  });
  addReads(router, config, { plane, costs, statuses });
  addWakes(router, config, plane);
  const instances = new Instances({ config, reload });
  addStops(router, config, plane, instances);
  addPut(router, instances);
  return router;
}

function noName(name: string): ReveilleError {
  const what = JSON.stringify(name.slice(0, 80));
  return new ReveilleError(
    'USAGE',
    `${what} is no name for a resource: 1 to 63 of a-z, 0-9 and inner hyphens are`,
  );
}

function addReads(
  router: Router,
  config: () => Config,
  { plane, costs, statuses }: Omit<ResourcesApiParts, 'reload'>,
): void {
  router.get(RESOURCES_PATH, async (req, res) => {
    read(queries.none, req.query, 'query');
    const resources = await withCosts(config(), costs, await listResources(config(), plane, statuses));
    res.json({ now: Date.now(), resources } satisfies ResourceList);
  });
  router.get(ONE, async (req: Named, res) => {
    read(queries.none, req.query, 'query');
    const shown = await showResource(config(), plane, req.params.name);
    const [told] = await withCosts(config(), costs, [shown]);
    res.json(told);
  });
  const history = new HistoryBook(plane);
  router.get(`${ONE}/history`, async (req: Named, res) => {
    read(queries.none, req.query, 'query');
    const { name } = req.params;
    const told = await history.of(config(), name);
    // What has left the configuration may have a past; what has neither is nothing.
    if (told.periods.length === 0 && !isPool(config(), name)) configured(config(), name);
    res.json(told);
  });
  router.get(`${ONE}/logs`, async (req: Named, res) => {
    const { lines, follow } = read(queries.logs, req.query, 'query');
    const { name } = req.params;
    // Without its definition nobody knows which secrets to hide: what has left the configuration has no log.
    await sendLog(res, logOf(config(), name, configured(config(), name)), { lines, follow, gone: gone(res) });
  });
}

function addWakes(router: Router, config: () => Config, plane: Plane): void {
  router.post(`${ONE}/wake`, async (req: Named, res) => {
    const query = read(queries.wait, req.query, 'query');
    const body = read(bodies.wake, req.body, 'body');
    const { name } = req.params;
    const params = await paramsOf(config(), plane, name);
    await call(plane, () => plane.resources.wake(name, { reason: cause(req, body.reason) }, params));
    if (!(query.wait ?? body.wait)) return accepted(res, name, 'wake');
    await until(plane, name, 'ready', { boundMs: config().proxy.hold.time, gone: gone(res), params });
    done(res, name, 'wake', 'ready');
  });
  router.post(`${ONE}/pin`, async (req: Named, res) => {
    read(queries.none, req.query, 'query');
    const body = read(bodies.pin, req.body, 'body');
    const { name } = req.params;
    const params = await paramsOf(config(), plane, name);
    const end = pinnedUntil(body, Date.now());
    const args = { reason: cause(req, body.reason), ...(end === undefined ? {} : { until: end }) };
    await call(plane, () => plane.resources.pin(name, args, params));
    accepted(res, name, 'pin');
  });
  router.post(`${ONE}/unpin`, async (req: Named, res) => {
    read(queries.none, req.query, 'query');
    read(bodies.none, req.body, 'body');
    const { name } = req.params;
    if (await call(plane, () => plane.resources.unpin(name))) return accepted(res, name, 'unpin');
    configured(config(), name);
    done(res, name, 'unpin', 'asleep');
  });
}

function addPut(router: Router, instances: Instances): void {
  router.put(ONE, async (req: Named, res) => {
    read(queries.none, req.query, 'query');
    const { name } = req.params;
    const { created, applied } = await instances.put(name, req.body);
    const result: InstanceResult = { name, action: 'put', ...(applied ? {} : { pending: true }) };
    res.status(created ? 201 : 200).json(result);
  });
}

function addStops(router: Router, config: () => Config, plane: Plane, instances: Instances): void {
  /** Signals `stop`; content where there is nothing to stop. */
  const stop = async (req: Named, res: express.Response, action: Action, options: StopOptions) => {
    const { name } = req.params;
    const args = {
      reason: cause(req, options.reason),
      ...(options.then === undefined ? {} : { then: options.then }),
      ...(options.force === undefined ? {} : { force: options.force }),
    };
    let ran = await call(plane, () => plane.resources.stop(name, args));
    if (!ran) {
      configured(config(), name);
      // Asleep, but it may be suspended or have left files.
      if (args.then === 'delete') {
        const params = await paramsOf(config(), plane, name);
        await call(plane, () => plane.resources.remove(name, { reason: args.reason }, params));
        ran = true;
      }
    }
    if (!ran) done(res, name, action, 'asleep');
    else if (!options.wait) return accepted(res, name, action);
    else {
      await until(plane, name, 'asleep', { boundMs: config().proxy.hold.time, gone: gone(res) });
      done(res, name, action, 'asleep');
    }
  };
  router.post(`${ONE}/stop`, async (req: Named, res) => {
    const query = read(queries.wait, req.query, 'query');
    const { wait, ...body } = read(bodies.stop, req.body, 'body');
    await stop(req, res, 'stop', { ...body, wait: query.wait ?? wait });
  });
  router.delete(ONE, async (req: Named, res) => {
    const { wait } = read(queries.delete, req.query, 'query');
    read(bodies.none, req.body, 'body');
    if (isInstance(config(), req.params.name)) await takeOut(req, res);
    else await stop(req, res, 'delete', { then: 'delete', wait });
  });
  /** Its definition has to be there until all that it describes is gone. */
  const takeOut = async (req: Named, res: express.Response) => {
    const { name } = req.params;
    const reason = cause(req, 'taken out');
    await call(plane, () => plane.resources.remove(name, { reason }));
    await until(plane, name, 'asleep', { boundMs: config().proxy.hold.time, gone: gone(res) });
    const applied = await instances.remove(name);
    const result: InstanceResult = { name, action: 'delete', phase: 'asleep' };
    res.json({ ...result, ...(applied ? {} : { pending: true }) });
  };
}

interface StopOptions {
  then?: StopMode | undefined;
  force?: boolean | undefined;
  reason?: string | undefined;
  wait?: boolean | undefined;
}

function configured(config: Config, name: string) {
  if (isPool(config, name)) throw new ReveilleError('POOL_NAMED', `${name} is a pool`);
  const definition = definitionOf(config, name);
  if (definition === undefined) throw unknown(config, name);
  return definition;
}

/**
 * What a member is made from: its name says so, or its last execution. Undefined where it is no member.
 * @throws ReveilleError RESOURCE_UNKNOWN, POOL_NAMED.
 */
async function paramsOf(config: Config, plane: Plane, name: string): Promise<Params | undefined> {
  configured(config, name);
  if (poolOfMember(config, name) === undefined) return undefined;
  const last = () => call(plane, () => plane.resources.lastRun(name));
  const params = paramsOfName(config, name) ?? (await last())?.params;
  if (params === undefined || !isMember(config, name, params)) throw unknown(config, name);
  return params;
}
