import type { ResourceDefinition } from './resource-schema.js';
import type { Milliseconds } from './units.js';

const MAX_AUTO_LEASE_MS = 120_000;
/** Below this, renewals would cost more than they bring. */
const MIN_AUTO_LEASE_MS = 1000;

/**
 * How long a proxy may forward to this resource without asking again: what `lease.time` says; for `auto` a third
 * of `idle.after`, at most 120 s and at least 1 s, but never longer than `idle.after` itself.
 */
export function leaseTime({ lease, idle }: Pick<ResourceDefinition, 'lease' | 'idle'>): Milliseconds {
  if (lease.time !== 'auto') return lease.time;
  const third = Math.floor(idle.after / 3);
  return Math.min(idle.after, Math.max(MIN_AUTO_LEASE_MS, Math.min(MAX_AUTO_LEASE_MS, third)));
}
