import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import {
  addressText,
  type Config,
  LEASE_PATH,
  type LeaseReply,
  leaseCallText,
  METRICS_CALL,
  SIGNATURE_HEADER,
  splitAddress,
  stateDir,
  verify,
} from '../config/index.js';

const MAX_BODY_BYTES = 4096;

const question = z.object({
  resource: z.string().max(63),
  generation: z.number().int(),
  revoke: z.boolean(),
});

interface InternalOptions {
  config: Config;
  secret: string;
  registry: Registry;
  /** Asked by workflows, through a worker. */
  answer(resource: string, generation: number, revoke: boolean): LeaseReply;
}

/** All addresses of a machine. */
const ANY = new Set(['0.0.0.0', '::']);

/** A proxy's control address: questions about leases, and its metrics. Every call is signed. */
export class InternalServer {
  private readonly server: Server;
  private registration: string | undefined;

  constructor(private readonly options: InternalOptions) {
    this.server = createServer((request, response) => {
      this.handle(request, response).catch(() => reply(response, 500));
    });
    this.server.requestTimeout = 5000;
    this.server.maxConnections = 1000;
  }

  /** @returns the address that workers reach it at, HOST:PORT. */
  async listen(): Promise<string> {
    const { host, port } = splitAddress(this.options.config.proxy.control);
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host, port }, resolve);
    });
    const address = this.server.address();
    const bound = typeof address === 'object' && address !== null ? address.port : port;
    // Nobody reaches a machine by the address that stands for all of its own.
    return addressText({ host: ANY.has(host) ? hostname() : host, port: bound });
  }

  /** Lets this host's control find the metrics: one file per running proxy. */
  register(id: string, at: string): void {
    const folder = join(stateDir(this.options.config), 'run');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.registration = join(folder, `proxy-${process.pid}.json`);
    writeFileSync(this.registration, JSON.stringify({ kind: 'proxy', id, at, pid: process.pid }));
  }

  async close(): Promise<void> {
    if (this.registration) rmSync(this.registration, { force: true });
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET' && request.url === '/metrics') {
      if (!this.signed(request, METRICS_CALL)) return reply(response, 403);
      return reply(response, 200, await this.options.registry.getMetricsAsJSON());
    }
    if (request.method !== 'POST' || request.url !== LEASE_PATH) return reply(response, 404);
    const body = await readBody(request);
    if (body === undefined) return reply(response, 413);
    if (!this.signed(request, leaseCallText(body))) return reply(response, 403);
    const { resource, generation, revoke } = question.parse(JSON.parse(body));
    reply(response, 200, this.options.answer(resource, generation, revoke));
  }

  private signed(request: IncomingMessage, text: string): boolean {
    return verify(this.options.secret, text, request.headers[SIGNATURE_HEADER]);
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function reply(response: ServerResponse, status: number, body?: object): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
