/**
 * Every error that Reveille names. The one place where a code, its HTTP status, its meaning and its remedy
 * stand; docs/errors.md is checked against it by a test.
 */
export interface ErrorEntry {
  /** HTTP status where the error reaches a client. */
  readonly status: number;
  /** One line: what happened. */
  readonly title: string;
  /** What the reader does about it. */
  readonly remedy: string;
}

export const catalogue = {
  // Configuration and set-up
  CONFIG_NOT_FOUND: {
    status: 500,
    title: 'The configuration file cannot be read',
    remedy: 'Name an existing file with --config FILE, or create reveille.yaml in this folder.',
  },
  CONFIG_INVALID: {
    status: 500,
    title: 'The configuration has errors',
    remedy: 'Mend each line that is named; `reveille check` prints them all.',
  },
  REFERENCE_UNRESOLVED: {
    status: 500,
    title: 'A ${env:} or ${file:} reference of the configuration cannot be resolved',
    remedy: 'Set the environment variable or create the file where the worker runs.',
  },
  PORT_IN_USE: {
    status: 500,
    title: 'A port that Reveille listens on is in use',
    remedy: 'End the program that listens there, or change the address in reveille.yaml.',
  },
  SETUP_FAILED: {
    status: 500,
    title: 'Set-up did not succeed',
    remedy: 'Do what the message says and run the command again: set-up goes on where it stopped.',
  },
  TEMPORAL_MISSING: {
    status: 500,
    title: 'The Temporal binary was not found and could not be had',
    remedy: 'Install the Temporal CLI or Go (1.25 or newer), or set TEMPORAL_ADDRESS to a running cluster.',
  },
  USAGE: {
    status: 400,
    title: 'The command or request was not understood',
    remedy: 'See `reveille --help`.',
  },

  // Requests
  ROUTE_UNKNOWN: {
    status: 404,
    title: 'No route leads here',
    remedy: 'Check the host and path against the routes in reveille.yaml.',
  },
  RESOURCE_UNKNOWN: {
    status: 404,
    title: 'There is no resource of this name',
    remedy: 'See `reveille status` for the names; after a change of reveille.yaml, `reveille reload`.',
  },
  REQUEST_INVALID: {
    status: 400,
    title: 'The request is malformed',
    remedy: 'Send a request that follows HTTP/1.1 (RFC 9112).',
  },
  METHOD_UNSUPPORTED: {
    status: 501,
    title: 'This proxy does not serve this method',
    remedy: 'Send the request to the address of the resource itself; CONNECT needs a forward proxy.',
  },
  REQUEST_HEADERS_TOO_LARGE: {
    status: 431,
    title: 'The request header fields are too large',
    remedy: 'Send fewer or smaller header fields.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: 'The request did not arrive in time',
    remedy: 'Send the request faster.',
  },
  HOLD_FULL: {
    status: 503,
    title: 'Too many requests already wait for this resource',
    remedy: 'Try again after the time in Retry-After, or raise proxy.hold.perResource or proxy.hold.total.',
  },
  HOLD_TIMEOUT: {
    status: 504,
    title: 'The resource did not become ready within the hold time',
    remedy: 'The boot goes on: try again after the time in Retry-After, or raise proxy.hold.time.',
  },
  STOPPED: {
    status: 503,
    title: 'The resource was stopped while the request waited',
    remedy: 'Try again: the next request wakes it.',
  },
  UPSTREAM_UNREACHABLE: {
    status: 502,
    title: 'The instance did not accept the connection',
    remedy: 'Try again: the instance is being inspected. See the log of the resource.',
  },
  UPSTREAM_FAILED: {
    status: 502,
    title: 'The instance broke off before it answered',
    remedy: 'See the log of the resource. A request that may have reached it is not sent again.',
  },
  UPSTREAM_INVALID: {
    status: 502,
    title: 'The instance answered with something that is not HTTP/1.1',
    remedy: 'Check the endpoint of the resource in reveille.yaml.',
  },
  SHUTTING_DOWN: {
    status: 503,
    title: 'This proxy is shutting down',
    remedy: 'Try again.',
  },
  UNAUTHORIZED: {
    status: 401,
    title: 'The control address needs a token',
    remedy: 'Send `Authorization: Bearer TOKEN` with the token of control.token.',
  },
  CROSS_SITE: {
    status: 403,
    title: 'Cross-site requests to the control address are refused',
    remedy: 'Call the API from the command line, or from a page of the control address itself.',
  },

  // The control plane
  TEMPORAL_UNREACHABLE: {
    status: 503,
    title: 'Temporal cannot be reached',
    remedy: 'Start Temporal or check temporal.address; held requests go on once it is back.',
  },
  NO_WORKER: {
    status: 503,
    title: 'No worker takes the task',
    remedy: 'Start `reveille worker`; held requests go on once it runs.',
  },
  HOST_GONE: {
    status: 503,
    title: 'The host on which the instance lives has no worker',
    remedy: 'Start `reveille worker` on that host.',
  },

  // The life of an instance
  BOOT_FAILED: {
    status: 503,
    title: 'The instance could not be started',
    remedy: 'See the log of the resource; the next wake after the backoff boots again.',
  },
  INSTANCE_DIED: {
    status: 503,
    title: 'The instance ended while it was booting',
    remedy: 'See the log of the resource; the next wake after the backoff boots again.',
  },
  HEALTH_TIMEOUT: {
    status: 503,
    title: 'The instance did not become healthy in time',
    remedy: 'See the log of the resource; check health.path and health.timeout.',
  },
  STOP_FAILED: {
    status: 503,
    title: 'The instance could not be stopped',
    remedy: 'Stopping is tried again until it succeeds; see `reveille status`.',
  },
  NO_PORT: {
    status: 503,
    title: 'No free port was left for the instance',
    remedy: 'Wait until quarantined ports are free again, or widen the port range.',
  },
  STALE_GENERATION: {
    status: 409,
    title: 'A newer generation of this resource exists',
    remedy: 'Nothing to do: the older one was fenced off.',
  },
  INTERNAL: {
    status: 500,
    title: 'Reveille made an error',
    remedy: 'Please report it with the message and the log.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof catalogue;
