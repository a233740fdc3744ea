import type { ErrorEntry } from './entry.js';

/** Requests. */
export const requestErrors = {
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
  METHOD_UNKNOWN: {
    status: 405,
    title: 'The control address does not know this method here',
    remedy: 'Use one that the Allow header of the answer names; /api/v1/openapi.json has them all.',
  },
  REQUEST_HEADERS_TOO_LARGE: {
    status: 431,
    title: 'The request header fields are too large',
    remedy: 'Send fewer or smaller header fields.',
  },
  REQUEST_BODY_TOO_LARGE: {
    status: 413,
    title: 'The body of the request is too large',
    remedy: 'Send less at once, or raise or remove proxy.limits.body.',
  },
  PIPELINE_FULL: {
    status: 429,
    title: 'Too many requests were sent ahead on one connection',
    remedy: 'Wait for answers before sending more, or raise proxy.limits.pipelined.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: 'The request did not arrive in time',
    remedy: 'Send the request faster.',
  },
  CONNECTIONS_FULL: {
    status: 503,
    title: 'Too many connections are open',
    remedy:
      'Try again in a moment, or raise the bound that the message names, such as proxy.limits.connections.',
  },
  ADDRESS_FULL: {
    status: 429,
    title: 'Too many connections from one address are open',
    remedy:
      'Close some, or raise the bound that the message names. Peers of proxy.trusted stand for many and are not bounded.',
  },
  ADDRESS_DENIED: {
    status: 403,
    title: 'This address may not connect here',
    remedy: 'Add it to allow, or take it out of deny, of the route in reveille.yaml.',
  },
  CLIENT_SILENT: {
    status: 408,
    title: 'The client did not send the first bytes that this door waits for',
    remedy:
      'Connect with a client that speaks first, or set wakeAfter: 0 for this route if its protocol begins with the server.',
  },
  CONNECTION_IDLE: {
    status: 408,
    title: 'Nothing passed over the connection for as long as the route allows',
    remedy: 'Let the client send keep-alives of its protocol, or raise or remove idle of the route.',
  },
  HOLD_FULL: {
    status: 503,
    title: 'Too many requests already wait for this resource to wake',
    remedy: 'Try again after the time in Retry-After, or raise proxy.hold.perResource or proxy.hold.total.',
  },
  HOLD_TIMEOUT: {
    status: 504,
    title: 'The resource did not become ready in the time that a request may wait',
    remedy: 'It goes on starting: try again after the time in Retry-After, or raise proxy.hold.time.',
  },
  STOPPED: {
    status: 503,
    title: 'The resource was stopped while the request waited',
    remedy: 'Try again: the next request wakes it again.',
  },
  UPSTREAM_UNREACHABLE: {
    status: 502,
    title: 'The instance did not accept the connection',
    remedy:
      'Try again: Reveille looks whether it still runs and starts it anew if not. `reveille logs NAME` shows what it said.',
  },
  UPSTREAM_FAILED: {
    status: 502,
    title: 'The instance broke off before it answered',
    remedy: 'See `reveille logs NAME`. A request that may have reached it is not sent again.',
  },
  UPSTREAM_INVALID: {
    status: 502,
    title: 'The instance answered with something that is not HTTP/1.1',
    remedy: 'Check that an HTTP server listens at the endpoint of the resource in reveille.yaml.',
  },
  SHUTTING_DOWN: {
    status: 503,
    title: 'This proxy is shutting down',
    remedy: 'Try again: another proxy, or this one after its restart, takes the request.',
  },
  IDENTITY_REQUIRED: {
    status: 401,
    title: 'This resource asks who you are',
    remedy:
      'Sign in, or send a token as `Authorization: Bearer TOKEN`. Who may enter is in `access` of the resource, how visitors are known in proxy.identity.',
  },
  IDENTITY_INVALID: {
    status: 401,
    title: 'What the request shows as its identity does not hold',
    remedy:
      'Sign in anew. A token must be of the issuer, for the audience and of the time that proxy.identity.jwt asks for.',
  },
  IDENTITY_UNAVAILABLE: {
    status: 503,
    title: 'The keys that tokens are checked with cannot be had',
    remedy:
      'Try again. If it lasts: check that the proxy reaches proxy.identity.jwt.keys, and its log for the reason.',
  },
  ACCESS_DENIED: {
    status: 403,
    title: 'You may not use this resource',
    remedy: 'Ask for a group or user name that `access` of the resource in reveille.yaml lists.',
  },
  ASLEEP: {
    status: 503,
    title: 'The resource is asleep, and this request is one that does not count as use',
    remedy:
      'Send another request to wake it, or take this kind out of `idle.ignore` of the resource in reveille.yaml.',
  },
  WAKE_DENIED: {
    status: 403,
    title: 'The resource is asleep, and this request may not wake it',
    remedy:
      'Try again once somebody else has woken it; `wake` of the resource in reveille.yaml says who and what may.',
  },
  WAKE_LIMITED: {
    status: 429,
    title: 'Too many wakes in a short time',
    remedy:
      'Try again after the time in Retry-After, or raise proxy.wakes.perVisitor or wake.limit of the resource.',
  },
  UNAUTHORIZED: {
    status: 401,
    title: 'The control address needs a token',
    remedy:
      'Send `Authorization: Bearer TOKEN` with the token of control.token; a browser signs in at `/`, or in front of it where control.access is configured.',
  },
  TOKEN_LIMITED: {
    status: 429,
    title: 'Too many wrong tokens were sent to the control address',
    remedy:
      'Try again after the time in Retry-After, with the token of control.token; control.wrongTokens has the bounds.',
  },
  TOO_MANY_LISTENERS: {
    status: 503,
    title: 'Too many dashboards listen at the control address',
    remedy: 'Close one, or raise control.events.listeners.',
  },
  CROSS_SITE: {
    status: 403,
    title: 'Cross-site requests to the control address are refused',
    remedy: 'Call the API from the command line, or from a page of the control address itself.',
  },

  CAPTURE_REFUSED: {
    status: 400,
    title: 'A part of the address is not what this route takes',
    remedy: 'Check the host and path; what they may be is in `pool.allow` of the resource in reveille.yaml.',
  },
  POOL_FULL: {
    status: 503,
    title: 'As many members of this pool are awake as may be',
    remedy:
      'Try again after the time in Retry-After: members fall asleep when nobody uses them. Or raise pool.maxInstances.',
  },
  POOL_NAMED: {
    status: 409,
    title: 'The name is that of a pool, which is not awake or asleep itself',
    remedy: 'Name one of its members: `reveille status` lists those that are awake.',
  },
} as const satisfies Record<string, ErrorEntry>;
