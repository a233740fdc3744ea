import { type Config, leaseTime, type Quota, type ResourceDefinition } from '../config/index.js';
import { type QuotaLimits, TASK_QUEUE } from '../workflows/messages.js';
import type { Plan } from './contract.js';

/** Queues of one host, or those that any worker polls. Boots apart: a stop never waits behind a hundred boots. */
export const bootQueue = (host?: string): string => queue('boot', host);
export const stopQueue = (host?: string): string => queue('stop', host);
const queue = (kind: string, host?: string) =>
  host === undefined ? `${TASK_QUEUE}-${kind}` : `${TASK_QUEUE}-${kind}@${host}`;

/** What the workflow needs of a definition. */
export function planOf(
  config: Config,
  name: string,
  definition: ResourceDefinition,
  more: { revision: string; host: string | undefined; searchAttributes: boolean },
): Plan {
  const { idle, health, backoff, boot } = definition;
  const { host } = more;
  const quota = config.quotas[definition.provider];
  return {
    name,
    provider: definition.provider,
    revision: more.revision,
    bootQueue: bootQueue(host),
    stopQueue: stopQueue(host),
    ...(host === undefined ? {} : { host, moves: definition.placement.moves }),
    ...(quota === undefined ? {} : { quota: boundsOf(quota) }),
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

function boundsOf({ awake, boots }: Quota): QuotaLimits {
  return { ...(awake === undefined ? {} : { awake }), ...(boots === undefined ? {} : { boots }) };
}
