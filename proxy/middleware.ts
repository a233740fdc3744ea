/**
 * Reveille as a library: the package's export. `app.use('/wiki', reveille({ resource: 'wiki' }))` in an express
 * program does for that path what the proxy does at its own address. What starts and stops instances runs apart:
 * `reveille up`, or a Temporal server with `reveille worker`, on the same configuration.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { addressText, type Config, createLogger, type Logger, loadConfig } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import { Library } from './library.js';
import { namedError, sendProblem } from './problems.js';
import { hasBody } from './request-body.js';
import { newRequestId } from './request-id.js';
import { Router } from './router.js';

export { ReveilleError } from '../errors/index.js';

export interface ReveilleOptions {
  /** Name of a resource of the configuration. */
  resource: string;
  /** The configuration file, the same as the workers'. Default: reveille.yaml in the working directory. */
  config?: string;
  /** Only requests whose path is this or goes on below it; the others are left to who comes next. Default: `/`. */
  path?: string;
  /** Forward without `path`, which goes into X-Forwarded-Prefix. Default: the whole path, also below a mount. */
  strip?: boolean;
  /**
   * HOST:PORT where workers ask this program to give up its leases. Default: a free port on the host of
   * `proxy.control`. Workers on other machines must reach it.
   */
  control?: string;
  /** Default: one on standard error, at the level of the configuration. */
  log?: Logger;
}

/** A request that express may have taken a mount path from. */
type MaybeMounted = IncomingMessage & { originalUrl?: string };
export type Next = (error?: unknown) => void;
export type Handler = (request: IncomingMessage, response: ServerResponse, next?: Next) => void;

/** A handler for express, or for `http.createServer`, with what can be done to the resource behind it. */
export interface Reveille extends Handler {
  /**
   * Takes an upgrade (WebSocket), as in `server.on('upgrade', wiki.upgrade)`.
   * @returns false where the path is not its own: nothing has happened to the socket then.
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /**
   * Wakes it and waits until it is ready, as long as `proxy.hold.time`.
   * @returns HOST:PORT where it answers.
   * @throws ReveilleError the boot's failure, STOPPED, HOLD_TIMEOUT, TEMPORAL_UNREACHABLE, NO_WORKER.
   */
  start(): Promise<string>;
  /** Puts it to sleep and waits until it is; its files stay. @throws ReveilleError STOP_FAILED. */
  stop(): Promise<void>;
  /** Puts it to sleep, and removes what its provider made for it. @throws ReveilleError STOP_FAILED. */
  delete(): Promise<void>;
  /** Whether it is ready for requests. Wakes nothing. */
  isRunning(): Promise<boolean>;
  /** HOST:PORT where it answers, undefined where it is not ready. Wakes nothing. */
  address(): Promise<string | undefined>;
  /** `start` for a platform that calls a URL of the program, such as `/_ah/start`. Not for the public. */
  startHandler: Handler;
  /** `stop` for such a URL, as `/_ah/stop`. Not for the public. */
  stopHandler: Handler;
  /** Ends it: requests under way get `proxy.drain`, then leases are given back. The instance stays as it is. */
  close(): Promise<void>;
}

/**
 * A resource as a handler. Identity, access and wake rules of the configuration hold; its routes do not: where the
 * program mounts it is where it is.
 * @throws ReveilleError CONFIG_NOT_FOUND, CONFIG_INVALID, RESOURCE_UNKNOWN, USAGE.
 */
export function reveille(options: ReveilleOptions): Reveille {
  const config = loadConfig(resolve(options.config ?? 'reveille.yaml'));
  const served = servedConfig(config, options);
  const library = new Library(
    config,
    served,
    options.resource,
    options.log ?? createLogger('library', config.log.level),
  );
  const router = new Router(served, false);
  const isOurs = (request: IncomingMessage) =>
    router.match(request.headers.host, request.url ?? '/') !== undefined;

  const handle: Handler = (request, response, next) => {
    const mounted: MaybeMounted = request;
    const inside = request.url;
    request.url = mounted.originalUrl ?? request.url;
    if (next !== undefined && !isOurs(request)) {
      request.url = inside;
      next();
      return;
    }
    const serving = isUntouched(request) ? library.serve(request, response) : Promise.reject(bodyTaken());
    serving.catch((error: unknown) => refuse(response, error));
  };
  return Object.assign(handle, {
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
      if (!isOurs(request)) return false;
      library.upgrade(request, socket, head).catch(() => socket.destroy());
      return true;
    },
    start: () => library.start(),
    stop: () => library.stop(),
    delete: () => library.delete(),
    isRunning: async () => (await library.state())?.phase === 'ready',
    async address() {
      const state = await library.state();
      return state?.phase === 'ready' && state.endpoint ? addressText(state.endpoint) : undefined;
    },
    startHandler: hook(() => library.start()),
    stopHandler: hook(() => library.stop()),
    close: () => library.close(),
  });
}

/** The configuration with one route: that of this program. */
function servedConfig(
  config: Config,
  { resource, path = '/', strip = false, control }: ReveilleOptions,
): Config {
  const { resources, pools, proxy } = config;
  if (!Object.hasOwn(resources, resource) && !Object.hasOwn(pools, resource)) {
    throw new ReveilleError('RESOURCE_UNKNOWN', `There is no resource named ${resource} in ${config.file}`);
  }
  if (!path.startsWith('/')) throw new ReveilleError('USAGE', `path: "${path}" does not begin with /`);
  const routes = (name: string) => (name === resource ? [{ path, strip }] : []);
  const { identity } = proxy;
  return {
    ...config,
    resources: mapEntries(resources, (one, name) => ({ ...one, routes: routes(name) })),
    pools: mapEntries(pools, (one, name) => ({ ...one, routes: routes(name) })),
    proxy: {
      ...proxy,
      // Where the program listens is not known: nothing is shown that loopback alone may see.
      listen: '0.0.0.0:0',
      control: control ?? `${proxy.control.slice(0, proxy.control.lastIndexOf(':'))}:0`,
      identity: identity && { ...identity, claimedGroups: undefined },
    },
  };
}

function mapEntries<T, U>(
  entries: Record<string, T>,
  change: (one: T, name: string) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(entries).map(([name, one]) => [name, change(one, name)]));
}

/** A body that somebody has read cannot be sent on. */
function isUntouched(request: IncomingMessage): boolean {
  return !request.readableDidRead || !hasBody(request);
}

function bodyTaken(): ReveilleError {
  return new ReveilleError(
    'INTERNAL',
    'The body was read before reveille() got the request: it has to come before express.json() and the like.',
  );
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else sendProblem(response, namedError(error), { requestId: newRequestId(), showLog: false, close: true });
}

function hook(act: () => Promise<unknown>): Handler {
  return (request, response) => {
    request.resume();
    act().then(
      () => response.writeHead(204).end(),
      (error: unknown) => refuse(response, error),
    );
  };
}
