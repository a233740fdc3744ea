import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import {
  isKeyPool,
  type Logger,
  membersStart,
  poolOfMember,
  type ResourceDefinition,
} from '../config/index.js';
import { isReveilleError, ReveilleError } from '../errors/index.js';
import type { EnterArgs, Failure, ImageInput, Instance, WantArgs } from '../workflows/messages.js';
import { askHolders } from './ask-holders.js';
import type { LifecycleActivities, Target } from './contract.js';
import type { Definitions } from './definitions.js';
import { probeIdle } from './idle-probe.js';
import { createImageActivities, type ImageServices } from './images/activities.js';
import type { HandedImages } from './images/handed.js';
import { quickHealth, untilHealthy } from './instance-health.js';
import { bootQueue, planOf, quotaOf } from './plan.js';
import { type BootRequest, type Provider, type ProviderContext, RETRIED } from './providers/contract.js';

/** Well under the workflow's heartbeat timeout; the SDK throttles what is too often. */
const HEARTBEAT_MS = 1000;
/** What no name in the catalogue explains is tried again this often, then it fails the generation. */
const MAX_UNEXPECTED = 5;

export interface ActivityServices {
  definitions: Definitions;
  providers: Readonly<Record<string, Provider>>;
  host: string;
  secret: string;
  log: Logger;
  /** The search attributes are registered in this namespace. */
  searchAttributes: boolean;
  /** Whether any worker polls an activity queue. */
  hasPollers(queue: string): Promise<boolean>;
  /** Whether as many executions of resources whose names begin so were open before this run. */
  isFull(nameStart: string, limit: number, run: { name: string; runId: string }): Promise<boolean>;
  /** The host that a resource was awake on last, where there may be several. */
  lastHost(name: string): Promise<string | undefined>;
  enterQuota(provider: string, args: EnterArgs): Promise<void>;
  images: ImageServices;
  /** Asks the workflow of an image to tell a resource, starting it where it does not run. */
  wantImage(input: ImageInput, args: WantArgs): Promise<void>;
  /** Those of the resources that have an open execution. */
  openOf(names: readonly string[]): Promise<string[]>;
}

/** The activities of a resource's life, on this worker's configuration and providers. */
export function createLifecycleActivities(services: ActivityServices): LifecycleActivities {
  const { definitions } = services;
  const { images } = services.images;
  const request = (target: Target): BootRequest => ({
    name: target.name,
    generation: target.generation,
    revision: target.revision,
    ...withParams(target),
  });
  const withParams = ({ name, revision, params }: Target) => {
    const definition = definitions.ofRevision(name, revision, params);
    return { definition, params: definitions.paramsOf(name, definition, params) };
  };
  const withImages = async (
    wanted: BootRequest,
    hand: (definition: ResourceDefinition) => Promise<HandedImages | undefined>,
  ): Promise<BootRequest> => {
    const handed = await hand(wanted.definition);
    return handed === undefined ? wanted : { ...wanted, images: handed };
  };
  const provider = (target: Target): Provider => providerOf(services, request(target).definition.provider);
  const subject = (target: Target, instance: Instance) => ({
    provider: provider(target),
    request: request(target),
    instance,
    config: definitions.current,
  });

  return {
    describe: ({ name, params, host: wanted, adopted }) =>
      attempt(services, 'final', async () => {
        const { revision, definition } = definitions.latest(name, params);
        if (!adopted) await checkRoom(services, name, definition);
        const { hostBound } = providerOf(services, definition.provider);
        const host = hostBound ? (wanted ?? (await hostFor(services, name, definition))) : undefined;
        const { searchAttributes } = services;
        return planOf(definitions.current, name, definition, { revision, host, searchAttributes });
      }),

    boot: ({ client, ...target }) =>
      attempt(services, 'final', async (context) => {
        const bare = client === undefined ? request(target) : { ...request(target), client };
        const wanted = await withImages(bare, (one) => images.forBoot(one, context));
        const started = await provider(target).boot(wanted, context);
        const quick = await quickHealth(subject(target, started.instance), context);
        return quick === undefined ? started : { ...started, healthAfter: quick };
      }),

    waitHealthy: (target) =>
      attempt(services, 'final', (context) => untilHealthy(subject(target, target.instance), context)),

    inspect: (target) =>
      attempt(services, 'retried', (context) =>
        provider(target).inspect(request(target), target.instance, context),
      ),

    adopt: (target) =>
      attempt(services, 'retried', (context) =>
        provider(target).adopt(request(target), target.instance, context),
      ),

    stop: ({ instance, then, force = false, unfinished = false, ...target }) =>
      attempt(services, 'retried', async (context) => {
        // Whatever is wrong with the images: a stop is a stop. Reconciling releases what this could not.
        const warn = (err: unknown) =>
          services.log.warn({ err, resource: target.name }, 'its images are in trouble');
        const wanted = await withImages(request(target), (one) => images.handed(one)).catch(warn);
        await provider(target).stop(
          wanted ?? request(target),
          instance,
          { then, force, unfinished },
          context,
        );
        await images.release(request(target), then).catch(warn);
      }),

    connect: ({ instance, connection, ...target }) =>
      attempt(services, 'final', async (context) => {
        const { connect } = provider(target);
        if (connect === undefined)
          throw new ReveilleError('CONFIG_INVALID', `${target.name} has one endpoint`);
        return await connect.call(provider(target), request(target), instance, connection, context);
      }),

    probeIdle: (target) =>
      attempt(services, 'retried', async ({ signal }) => {
        const { name, generation, params, definition } = request(target);
        const { probe } = definition.idle;
        if (!probe) return { idle: true };
        const instance = { name, generation, endpoint: target.instance.endpoint };
        return await probeIdle(probe, { ...instance, params }, definitions.current, signal);
      }),

    askHolders: ({ name, generation, holders, revoke }) =>
      askHolders(services.secret, { resource: name, generation, holders, revoke }),

    // With today's bounds: who waits since before a reload asks again from time to time.
    enterQuota: ({ provider, args }) =>
      services.enterQuota(provider, { ...args, limits: quotaOf(definitions.current, provider) ?? {} }),
    ensureImages: (target) =>
      attempt(services, 'final', ({ signal, heartbeat }) =>
        images.ensure(request(target), { signal, progress: ({ step }) => heartbeat(step) }),
      ),
    wantImages: async ({ images: wanted, resource, ticket, ...plan }) => {
      const { searchAttributes } = services;
      for (const image of wanted)
        await services.wantImage({ ...image, ...plan, searchAttributes }, { resource, ticket });
    },
    ...createImageActivities(services.images, (retry, run) => attempt(services, retry, run)),

    openResources: ({ names }) => services.openOf(names),
    hostPresent: ({ queue }) => services.hasPollers(queue),
  };
}

function providerOf({ providers }: ActivityServices, name: string): Provider {
  const provider = providers[name];
  if (!provider) throw new ReveilleError('CONFIG_INVALID', `There is no provider named ${name}`);
  return provider;
}

/**
 * Where it was awake last, since what it keeps is there; else the first of its hosts that has a worker. Where none has,
 * or its last one is gone and it may not move, that one: so whoever waits is told that it is gone.
 */
async function hostFor(
  { host, hasPollers, lastHost }: ActivityServices,
  name: string,
  { placement: { hosts, moves } }: ResourceDefinition,
): Promise<string> {
  if (hosts?.length === 1) return hosts[0] ?? host;
  const isThere = (one: string) => hasPollers(bootQueue(one));
  const last = await lastHost(name);
  const isAdmitted = last !== undefined && (hosts === undefined || hosts.includes(last));
  if (isAdmitted && (last === host || (await isThere(last)))) return last;
  if (hosts === undefined) return isAdmitted && !moves ? last : host;
  for (const one of hosts) if (await isThere(one)) return one;
  return hosts[0] ?? host;
}

/** @throws ReveilleError POOL_FULL where it is a member of a pool of which as many are awake as may be. */
async function checkRoom(
  { definitions, isFull }: ActivityServices,
  name: string,
  { pool: settings }: ResourceDefinition,
): Promise<void> {
  const pool = poolOfMember(definitions.current, name);
  const { workflowExecution } = Context.current().info;
  if (pool === undefined || settings === undefined || !isKeyPool(settings) || !workflowExecution) return;
  const { maxInstances } = settings;
  const { runId } = workflowExecution;
  if (!(await isFull(membersStart(pool), maxInstances, { name, runId }))) return;
  throw new ReveilleError('POOL_FULL', `${maxInstances} members of ${pool} are awake (pool.maxInstances)`);
}

/**
 * Runs one activity: heartbeats while it lasts, its cancellation as an AbortSignal, its errors in the words of
 * the catalogue.
 * @param retry 'final': what the catalogue names fails the generation at once. 'retried': tried until it works.
 */
async function attempt<T>(
  services: ActivityServices,
  retry: 'final' | 'retried',
  run: (context: ProviderContext) => Promise<T>,
): Promise<T> {
  const activity = Context.current();
  const { heartbeatDetails: before } = activity.info;
  let said: string | undefined = typeof before === 'string' ? before : undefined;
  const heartbeat = (progress = said): void => {
    said = progress;
    activity.heartbeat(progress);
  };
  const signal = activity.cancellationSignal;
  const context: ProviderContext = { signal, heartbeat, ...(said === undefined ? {} : { before: said }) };
  const beat = setInterval(heartbeat, HEARTBEAT_MS);
  try {
    return await run(context);
  } catch (error) {
    if (activity.cancellationSignal.aborted)
      throw await activity.cancelled.catch((reason: unknown) => reason);
    throw toApplicationFailure(error, retry, services, activity.info);
  } finally {
    clearInterval(beat);
  }
}

function toApplicationFailure(
  error: unknown,
  retry: 'final' | 'retried',
  { log }: ActivityServices,
  { activityType: activity, attempt: tries }: { activityType: string; attempt: number },
): ApplicationFailure {
  if (!isReveilleError(error)) {
    log.error({ err: error, activity }, 'an activity failed unexpectedly');
    const nonRetryable = retry === 'final' && tries >= MAX_UNEXPECTED;
    return ApplicationFailure.create({ message: String(error), type: 'INTERNAL', nonRetryable });
  }
  log.warn({ code: error.code, detail: error.message, activity }, 'an activity failed');
  const detail: Failure = {
    code: error.code,
    message: error.message,
    ...(error.log === undefined ? {} : { log: error.log }),
    ...(error.younger === undefined ? {} : { younger: error.younger }),
  };
  return ApplicationFailure.create({
    message: error.message,
    type: error.code,
    nonRetryable: retry === 'final' && !RETRIED.has(error.code),
    details: [detail],
  });
}
