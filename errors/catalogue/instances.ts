import type { ErrorEntry } from './entry.js';

/** The life of an instance. */
export const instanceErrors = {
  BOOT_FAILED: {
    status: 503,
    title: 'The instance could not be started',
    remedy: 'See `reveille logs NAME`. The first request after the time in Retry-After starts it again.',
  },
  INSTANCE_DIED: {
    status: 503,
    title: 'The instance ended before it was ready',
    remedy: 'See `reveille logs NAME`. The first request after the time in Retry-After starts it again.',
  },
  HEALTH_TIMEOUT: {
    status: 503,
    title: 'The instance started but did not become healthy in time',
    remedy: 'See `reveille logs NAME`; check health.path, or raise health.timeout if it needs longer.',
  },
  STOP_FAILED: {
    status: 503,
    title: 'The instance could not be stopped',
    remedy: 'Stopping is tried again until it succeeds; `reveille status NAME` shows how often and why.',
  },
  NO_PORT: {
    status: 503,
    title: 'No free port was left for the instance',
    remedy:
      'Try again later: a port is kept free for a while after its instance stopped. Or widen worker.ports.',
  },
  STACK_LOCKED: {
    status: 503,
    title: 'Somebody else works on the Pulumi stack of this resource',
    remedy:
      'Wait until that has ended. If whoever is named has died, take the lock away with `pulumi cancel`: Reveille does so only with its own.',
  },
  STALE_GENERATION: {
    status: 409,
    title: 'A newer instance of this resource exists',
    remedy: 'Nothing to do: this one was kept from doing harm.',
  },
  INTERNAL: {
    status: 500,
    title: 'Reveille made a mistake of its own',
    remedy: 'Please report it with the message and the log.',
  },
} as const satisfies Record<string, ErrorEntry>;
