/** The HTTP/1.1 side of the proxy: the server, its limits, and its end. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Registry } from 'prom-client';
import { plainAddress } from '../access/peer.js';
import { backlogOf, type Config, definitionOf, type Ending, type Logger } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import type { Tracing } from '../tracing/contract.js';
import { WakeLimits } from './access/wake-limits.js';
import { AccessLog } from './access-log/access-log.js';
import { endWith, onClientError } from './client-error.js';
import { ClientRequest } from './client-request.js';
import { connectionOf } from './connection.js';
import { ConnectionGuard } from './connection-guard.js';
import { Exchange } from './exchange.js';
import type { Gate } from './gate-contract.js';
import { TrafficMetrics } from './metrics.js';
import { rawProblem } from './problems.js';
import { newRequestId } from './request-id.js';
import { RunningList } from './running.js';
import { type Settings, SettingsMaker, type Traffic } from './traffic.js';
import { Tunnel } from './tunnel.js';
import { takeUpgrade } from './upgrade.js';
import { Upstreams } from './upstream.js';
import { WaitingFeeds } from './waiting/feeds.js';

/** How often heads that do not end are looked for. */
const HEAD_CHECK_MS = 1000;
/**
 * Connections that the kernel holds until they are accepted. At Node's default of 511 a herd's others are dropped and
 * come back after TCP's first retry, a second later.
 */
const BACKLOG = 4096;
/** Connections beyond the limit that are told so at the same time; more are closed without a word. */
const TOLD = 100;
/** After the drain time: for last answers to be read. */
const LAST_WORDS_MS = 1000;

export interface FrontDoorOptions {
  config: Config;
  gate: Gate;
  log: Logger;
  registry?: Registry;
  /** Counts connections, also those of other doors; whoever made it reloads it. Default: one for this door alone. */
  guard?: ConnectionGuard;
  /** Counts wakes, also those of other doors; this door reloads it. Default: one for this door alone. */
  limits?: WakeLimits;
  /** Absent where no traces are made. */
  tracing?: Tracing | undefined;
}

export interface FrontDoor {
  readonly server: Server;
  /** Serves one request, also of another server (middleware). */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Serves one `upgrade` event, also of another server. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** @throws ReveilleError PORT_IN_USE. */
  listen(where: { host: string; port: number } | { fd: number }): Promise<AddressInfo>;
  /** Takes new routes, trusted peers and limits, but headerBytes. @throws ReveilleError CONFIG_INVALID. */
  reload(config: Config): void;
  /** Requests and upgraded connections under way. */
  running(): number;
  /**
   * Stops accepting, lets what runs go on for a time, then cuts it off. Resolves when nothing is left.
   * @param ending `replaced`: connections that rest may ask once more within that time, since their next request
   *   may be on its way already; its answer says that it was the last.
   */
  close(drainMs: number, ending?: Ending): Promise<void>;
}

export function createFrontDoor(options: FrontDoorOptions): FrontDoor {
  const { config, registry = new Registry(), log } = options;
  const guard = options.guard ?? new ConnectionGuard(config, registry, log);
  const server = createServer({
    IncomingMessage: ClientRequest,
    maxHeaderSize: config.proxy.limits.headerBytes,
    // Missing ones are answered here, as problem+json.
    requireHostHeader: false,
    connectionsCheckingInterval: HEAD_CHECK_MS,
    // Slow uploads are welcome: heads have a time limit, and bodies one for each pause.
    requestTimeout: 0,
  });
  const sockets = new Set<Duplex>();
  const limits = options.limits ?? new WakeLimits(config);
  const maker = new SettingsMaker(log, limits);
  let current = config;
  const upstreams = new Upstreams((resource) => backlogIn(current, resource));
  const traffic = createTraffic(options, maker.make(config), registry, { sockets, guard, upstreams });
  applyLimits(server, config);
  wire(server, traffic, sockets, guard);
  return {
    server,
    handle: (request, response) => serve(traffic, request, response, false),
    handleUpgrade: (request, socket, head) => takeUpgrade(traffic, server, request, socket, head),
    listen: (where) => listen(server, log, where),
    reload(next) {
      traffic.settings = maker.make(next);
      current = next;
      limits.reload(next);
      void traffic.accessLog?.close();
      traffic.accessLog = AccessLog.of(next, log);
      applyLimits(server, next);
      traffic.upstreams.keepOnly((resource) => definitionOf(next, resource) !== undefined);
    },
    running: () => traffic.running.size,
    close: (drainMs, ending = 'for good') => close(server, traffic, sockets, { drainMs, ending }),
  };
}

function backlogIn(config: Config, resource: string): number {
  const definition = definitionOf(config, resource);
  // Taken out of the configuration meanwhile: what is on its way goes out.
  return definition === undefined ? 1 : backlogOf(definition);
}

function createTraffic(
  { config, gate, log, tracing }: FrontDoorOptions,
  settings: Settings,
  registry: Registry,
  {
    sockets,
    guard,
    upstreams,
  }: { sockets: ReadonlySet<Duplex>; guard: ConnectionGuard; upstreams: Upstreams },
): Traffic {
  const running = new RunningList();
  const feeds = new WaitingFeeds(gate);
  const connections = () => {
    let upgraded = 0;
    for (const one of running.snapshot()) if (one instanceof Tunnel) upgraded++;
    return { clients: sockets.size, upgraded, pages: feeds.readers };
  };
  return {
    gate,
    log,
    metrics: new TrafficMetrics(registry, () => gate.held(), connections),
    upstreams,
    running,
    refusals: guard.refusals,
    keptAwake: new Set(),
    feeds,
    tracing,
    accessLog: AccessLog.of(config, log),
    settings,
    draining: false,
    onDrained: () => {},
  };
}

function applyLimits(server: Server, { proxy: { limits } }: Config): void {
  // One more than allowed: Node drops what is beyond in silence, and a request must not be changed in silence.
  server.maxHeadersCount = limits.headers + 1;
  server.headersTimeout = limits.headerTimeout;
  server.keepAliveTimeout = limits.keepAlive;
  server.maxConnections = limits.connections + TOLD;
}

function wire(
  server: Server<typeof ClientRequest>,
  traffic: Traffic,
  open: Set<Duplex>,
  guard: ConnectionGuard,
): void {
  server.on('connection', (socket) => {
    if (open.has(socket)) return;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    admit(guard, socket);
  });
  server.on('request', (request, response) => {
    request.handedOver = true;
    serve(traffic, request, response, false);
  });
  server.on('checkContinue', (request, response) => {
    request.handedOver = true;
    serve(traffic, request, response, true);
  });
  server.on('upgrade', (request, socket, head) => {
    request.handedOver = true;
    takeUpgrade(traffic, server, request, socket, head);
  });
  server.on('connect', (_request, socket) => {
    const { current, closing } = connectionOf(socket);
    if (current !== undefined || closing) {
      socket.destroy();
      return;
    }
    const error = new ReveilleError('METHOD_UNSUPPORTED', 'CONNECT: this is no forward proxy.');
    endWith(socket, rawProblem(error, newRequestId()));
  });
  server.on('clientError', onClientError);
  server.on('drop', (data) => {
    const error = new ReveilleError('CONNECTIONS_FULL', 'Far too many connections: closed without a word.');
    guard.refusals.note(error, plainAddress(data?.remoteAddress));
  });
}

/** Counts a connection, or tells it that there is no place for it. */
function admit(guard: ConnectionGuard, socket: Socket): void {
  const address = plainAddress(socket.remoteAddress);
  const error = guard.enter(address);
  if (error === undefined) {
    socket.once('close', () => guard.leave(address));
    return;
  }
  guard.refusals.note(error, address);
  connectionOf(socket).closing = true;
  endWith(socket, rawProblem(error, newRequestId()));
}

function serve(
  traffic: Traffic,
  request: IncomingMessage,
  response: ServerResponse,
  expectsContinue: boolean,
): void {
  const connection = connectionOf(request.socket);
  const { pipelined } = traffic.settings.limits;
  const exchange = new Exchange(traffic, connection, request, response, expectsContinue);
  if (connection.serve(exchange, pipelined)) return;
  const message = `More than ${pipelined} requests behind one another (proxy.limits.pipelined).`;
  traffic.refusals.note(
    new ReveilleError('PIPELINE_FULL', message),
    plainAddress(request.socket.remoteAddress),
  );
}

function listen(
  server: Server,
  log: Logger,
  where: { host: string; port: number } | { fd: number },
): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const place = 'fd' in where ? `descriptor ${where.fd}` : `${where.host}:${where.port}`;
      if (error.code !== 'EADDRINUSE') reject(error);
      else reject(new ReveilleError('PORT_IN_USE', `The proxy cannot listen on ${place}.`, { cause: error }));
    };
    server.once('error', failed);
    const listening = (): void => {
      server.off('error', failed);
      // Such as no descriptor left: the next connection may find one.
      server.on('error', (error) => log.error({ err: error }, 'accepting failed'));
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('The proxy listens on no port.'));
      else resolve(address);
    };
    // With a descriptor Node takes the backlog as an argument only; among the options it is passed over.
    if ('fd' in where) server.listen(where, BACKLOG, listening);
    else server.listen({ ...where, backlog: BACKLOG }, listening);
  });
}

async function close(
  server: Server,
  traffic: Traffic,
  sockets: ReadonlySet<Duplex>,
  { drainMs, ending }: { drainMs: number; ending: Ending },
): Promise<void> {
  traffic.draining = true;
  traffic.feeds.close();
  const closed = ended(server, traffic, ending);
  const cut = setTimeout(() => {
    server.closeIdleConnections();
    for (const one of traffic.running.snapshot()) one.shutDown();
  }, drainMs);
  const last = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, drainMs + LAST_WORDS_MS);
  await closed;
  clearTimeout(cut);
  clearTimeout(last);
  traffic.upstreams.keepOnly(() => false);
  await traffic.accessLog?.close();
}

/** Resolves when nothing is left; accepts no more from now on. */
function ended(server: Server, traffic: Traffic, ending: Ending): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) {
      // All came through servers of others, which go on.
      traffic.onDrained = () => {
        if (traffic.running.size === 0) resolve();
      };
      traffic.onDrained();
    } else if (ending === 'replaced') {
      // That of http cuts off at once whoever rests.
      NetServer.prototype.close.call(server, () => resolve());
    } else {
      server.close(() => resolve());
      traffic.onDrained = () => server.closeIdleConnections();
    }
  });
}
