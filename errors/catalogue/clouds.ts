import type { ErrorEntry } from './entry.js';

/** What a cloud says instead of doing what it was asked for. Whose words it were, the message tells. */
export const cloudErrors = {
  CLOUD_NO_CAPACITY: {
    status: 503,
    title: 'The cloud has no machine of this kind left for now',
    remedy:
      'Try again later, or let it try elsewhere: list further zones or other machine types in its settings.',
  },
  CLOUD_QUOTA: {
    status: 503,
    title: 'The quota of the cloud account is used up',
    remedy: 'Stop something else, or ask the cloud for a larger quota: its message names which.',
  },
  CLOUD_DENIED: {
    status: 503,
    title: 'The cloud refuses what the worker asks for in the name of its credentials',
    remedy: 'Check the credentials of `reveille worker` and the rights that docs/clouds.md lists.',
  },
  CLOUD_INVALID: {
    status: 503,
    title: 'The cloud does not accept the settings of this machine',
    remedy: 'Mend the setting that its message names and run `reveille reload`.',
  },
  CLOUD_UNREACHABLE: {
    status: 503,
    title: 'The cloud did not do what it was asked for in a long time: no answer, or throttled',
    remedy:
      'Is the cloud reachable from `reveille worker`? Its status page and its rate limits may say more.',
  },
} as const satisfies Record<string, ErrorEntry>;
