import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Identities } from '../access/identity.js';
import { type Config, type Service, type ServiceOptions, splitAddress } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import { createApp } from './app.js';
import { CostBook } from './cost.js';
import { ControlMetrics } from './metrics.js';
import type { Plane } from './plane.js';
import { settingsOf } from './settings.js';

/** Bounds every wait and every follower of a log: each holds a connection. */
const MAX_CONNECTIONS = 1000;
/** For a request to arrive whole; answers may take longer. */
const REQUEST_MS = 30_000;
/** How long running answers may go on at the end. */
const CLOSE_MS = 1000;

/** Serves the control address over a plane, which it closes at its end. */
export async function serveControl(options: ServiceOptions, plane: Plane): Promise<Service> {
  const { log, secret } = options;
  const identities = new Identities(log);
  let settings = settingsOf(options.config, identities);
  const app = createApp({
    settings: () => settings,
    plane,
    costs: new CostBook(plane),
    metrics: new ControlMetrics(),
    log,
    secret,
    reload: () => options.reloadAll?.(),
  });
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, app);
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, options);
  return {
    address: boundAddress(server),
    reload: async (config) => {
      settings = settingsOf(config, identities);
      if (config.control.listen !== options.config.control.listen) {
        log.warn(
          { listen: config.control.listen },
          'control.listen changed: it is applied at the next start',
        );
      }
    },
    close: async () => {
      await closeServer(server);
      await plane.close();
    },
  };
}

async function listen(server: Server, { config, listenFd }: ServiceOptions): Promise<void> {
  if (listenFd === undefined) server.listen(splitAddress(config.control.listen));
  else server.listen({ fd: listenFd });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw inUse(error, config) ?? error;
  }
}

function inUse(error: unknown, config: Config): ReveilleError | undefined {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) return undefined;
  return new ReveilleError('PORT_IN_USE', `control.listen: ${config.control.listen} is in use`, {
    cause: error,
  });
}

function boundAddress(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** Waiting callers are cut off: what they asked for is done without them. */
async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
  await closed;
  clearTimeout(timer);
}
