import type { ErrorEntry } from './entry.js';

/** The control plane. */
export const controlPlaneErrors = {
  TEMPORAL_UNREACHABLE: {
    status: 503,
    title: 'Temporal, the engine that Reveille keeps its state in, cannot be reached',
    remedy:
      'Under `reveille up` it is restarted: try again. Otherwise start it or check temporal.address; requests that wait go on once it is back.',
  },
  NO_WORKER: {
    status: 503,
    title: 'No worker, the part of Reveille that starts instances, is running',
    remedy:
      'Under `reveille up` it is restarted: try again. Otherwise start `reveille worker`; requests that wait go on once it runs.',
  },
  HOST_GONE: {
    status: 503,
    title: 'The machine on which the instance lives has no worker that could reach it',
    remedy:
      'Start `reveille worker` on that machine. Where it is gone for good, `reveille stop NAME --force` gives up what ran there, and `placement.moves: true` lets it boot on another by itself.',
  },
  CONTROL_UNREACHABLE: {
    status: 503,
    title: 'The control address does not answer',
    remedy:
      'Is Reveille running? Start it with `reveille up`, or name the configuration it runs with: --config FILE (`reveille run` prints it).',
  },
} as const satisfies Record<string, ErrorEntry>;
