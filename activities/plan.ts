import { type Config, imagesOf, leaseTime, type ResourceDefinition } from '../config/index.js';
import { activityQueue, type QuotaLimits } from '../workflows/messages.js';
import type { ImagePlan, Plan } from './contract.js';

/** Boots apart: a stop never waits behind a hundred boots. */
export const bootQueue = (host?: string): string => activityQueue('boot', host);
export const stopQueue = (host?: string): string => activityQueue('stop', host);
/** Of the images that are made usable on one host; without host: at a cloud, by any worker. */
export const imageQueue = (host?: string): string => activityQueue('image', host);

/** What the workflow needs of a definition. */
export function planOf(
  config: Config,
  name: string,
  definition: ResourceDefinition,
  more: { revision: string; host: string | undefined; searchAttributes: boolean },
): Plan {
  const { idle, health, backoff, boot } = definition;
  const { host } = more;
  const quota = quotaOf(config, definition.provider);
  return {
    name,
    provider: definition.provider,
    revision: more.revision,
    bootQueue: bootQueue(host),
    stopQueue: stopQueue(host),
    ...(host === undefined ? {} : { host, moves: definition.placement.moves }),
    ...(quota === undefined ? {} : { quota }),
    ...imagePlan(config, definition, host),
    hasHealth: health !== 'none',
    hasProbe: idle.probe !== undefined,
    then: idle.then,
    searchAttributes: more.searchAttributes,
    times: {
      idleAfter: idle.after,
      lease: leaseTime(definition),
      longestLease: Math.max(...Object.values(config.resources).map(leaseTime)),
      drain: config.proxy.drain,
      bootTimeout: boot.timeout,
      healthTimeout: health === 'none' ? 0 : health.timeout,
      backoffFirst: backoff.first,
      backoffMax: backoff.max,
      probeInterval: idle.probe?.interval ?? 0,
      probeTimeout: idle.probe?.timeout ?? 0,
      probeFailLimit: idle.probe?.failLimit ?? 0,
    },
  };
}

/** What a machine at a cloud is made from is registered there, and any worker can see to it. */
function imagePlan(
  { images: { timeout: timeoutMs } }: Config,
  definition: ResourceDefinition,
  host: string | undefined,
): { images?: ImagePlan } {
  const [first] = imagesOf(definition);
  const place = first?.cloud ?? host;
  if (first === undefined || place === undefined) return {};
  return { images: { place, queue: imageQueue(first.cloud === undefined ? host : undefined), timeoutMs } };
}

/** The bounds of a provider; undefined where it has none. */
export function quotaOf(config: Config, provider: string): QuotaLimits | undefined {
  const quota = config.quotas[provider];
  if (quota === undefined) return undefined;
  const { awake, boots } = quota;
  return { ...(awake === undefined ? {} : { awake }), ...(boots === undefined ? {} : { boots }) };
}
