/** A front door with a fake gate, instances made of bytes, and clients made of bytes. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { type Config, configSchema } from '../../config/index.js';
import { createFrontDoor, type FrontDoor } from '../../proxy/front-door.js';
import type { Tracing } from '../../tracing/contract.js';
import { FakeGate } from './fake-gate.js';

/** Waits until a condition holds; the runner's time limit is the only one. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Waits until a number stands still for three looks in a row, and gives it. */
export async function settled(read: () => number): Promise<number> {
  let last = -1;
  for (let same = 0; same < 3; same = read() === last ? same + 1 : 0) {
    last = read();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return last;
}

/** Writes chunks as fast as the socket takes them. @returns how many bytes were written so far. */
export function pump(socket: Socket, size: number): () => number {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let sent = 0;
  const more = (): void => {
    while (sent < size) {
      sent += chunk.length;
      if (!socket.write(chunk)) return;
    }
  };
  socket.on('drain', more);
  more();
  return () => sent;
}

interface BenchOptions {
  proxy?: Record<string, unknown>;
  resources?: Record<string, Record<string, unknown>>;
  pools?: Record<string, Record<string, unknown>>;
  /** Default: a free one. */
  port?: number;
  tracing?: Tracing;
}

/** A checked configuration; `app` takes all paths unless resources are given. */
export function configOf({ proxy = {}, resources = {}, pools = {} }: BenchOptions): Config {
  const process = { command: ['true'] };
  const given = Object.keys(resources).length > 0 ? resources : { app: { routes: [{ path: '/' }] } };
  const full = Object.fromEntries(
    Object.entries(given).map(([name, one]) => [name, { provider: 'process', process, ...one }]),
  );
  return { ...configSchema.parse({ proxy, pools, resources: full }), file: undefined, folder: '/' };
}

export interface Bench {
  config: Config;
  door: FrontDoor;
  gate: FakeGate;
  registry: Registry;
  port: number;
  /** Lines of the log, parsed. */
  lines: Record<string, unknown>[];
  /** A client's connection. @param halfOpen the end of one direction leaves the other open. */
  client(halfOpen?: boolean): Promise<Peer>;
  /** Sends bytes on a connection of its own and gives all that comes until it is closed. */
  exchange(bytes: string): Promise<string>;
}

/** Starts a front door; it ends with the test. */
export async function startBench(t: TestContext, options: BenchOptions = {}): Promise<Bench> {
  const gate = new FakeGate();
  const registry = new Registry();
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const config = configOf(options);
  const door = createFrontDoor({ config, gate, log, registry, tracing: options.tracing });
  const { port } = await door.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  t.after(() => door.close(0));
  const client = (halfOpen = false): Promise<Peer> => dial(t, port, halfOpen);
  const exchange = async (bytes: string): Promise<string> => {
    const peer = await client();
    peer.send(bytes);
    await peer.closed();
    return peer.text;
  };
  return { config, door, gate, registry, port, lines, client, exchange };
}

/** One end of a connection, with all that came over it. */
export class Peer {
  text = '';
  bytes = 0;
  ended = false;
  error: Error | undefined;

  /** @param keep whether to keep what comes, or to count it only. */
  constructor(
    readonly socket: Socket,
    keep = true,
  ) {
    socket.on('data', (chunk) => {
      this.bytes += chunk.length;
      if (keep) this.text += chunk.toString('latin1');
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', (error) => {
      this.error = error;
    });
  }

  send(bytes: string): void {
    this.socket.write(bytes, 'latin1');
  }

  /** Resolves when this text has come. */
  async sees(text: string): Promise<void> {
    await until(() => this.text.includes(text) || this.socket.closed);
    if (!this.text.includes(text)) throw new Error(`Closed without "${text}": ${this.text}`);
  }

  async closed(): Promise<void> {
    if (!this.socket.closed) await once(this.socket, 'close').catch(() => undefined);
  }
}

/** Connects to a local port; closed with the test. */
export async function dial(t: TestContext, port: number, allowHalfOpen = false): Promise<Peer> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen });
  t.after(() => socket.destroy());
  const peer = new Peer(socket);
  await once(socket, 'connect');
  return peer;
}

/** Resolves when the other end has closed or reset. */
export async function left(peer: Peer): Promise<void> {
  await until(() => peer.ended || peer.socket.closed);
}

export interface Instance {
  port: number;
  /** Connections in the order they came. */
  peers: Peer[];
  server: Server;
  /** Resolves with the n-th connection, counted from 0. */
  peer(index: number): Promise<Peer>;
  close(): Promise<void>;
}

/** An instance that speaks bytes. @param serve called with each connection. */
export async function startInstance(
  t: TestContext,
  serve: (peer: Peer) => void = () => {},
  options: { port?: number; keep?: boolean } = {},
): Promise<Instance> {
  const peers: Peer[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const peer = new Peer(socket, options.keep ?? true);
    peers.push(peer);
    serve(peer);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    for (const peer of peers) peer.socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  t.after(close);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const peer = async (index: number): Promise<Peer> => {
    await until(() => peers[index] !== undefined);
    const found = peers[index];
    if (found === undefined) throw new Error('unreachable');
    return found;
  };
  return { port, peers, server, peer, close };
}

/** Answers each complete head without a body that comes. */
export function answering(answer: string): (peer: Peer) => void {
  return (peer) => {
    let answered = 0;
    peer.socket.on('data', () => {
      for (; answered < peer.text.split('\r\n\r\n').length - 1; answered++) peer.send(answer);
    });
  };
}

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
/** A request that ends its connection. */
export const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
