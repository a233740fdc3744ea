import { createHash, timingSafeEqual } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Registry } from 'prom-client';
import {
  addressText,
  type Config,
  type Logger,
  METRICS_CALL,
  resolveReferences,
  SIGNATURE_HEADER,
  splitAddress,
  stateDir,
  verify,
} from '../config/index.js';

/** The SDK's exporter is asked at most so long. */
const SDK_MS = 2000;

interface MetricsServerOptions {
  config: Config;
  /** Of the calls between parts of Reveille. */
  secret: string;
  registry: Registry;
  /** Where the Temporal SDK exports its own metrics; undefined where it does not. */
  sdkUrl: string | undefined;
  log: Logger;
}

/**
 * A worker's metrics: for this machine's control, by a signed call, its own as JSON; for Prometheus at
 * `worker.metrics`, where that is configured, these and the Temporal SDK's as text.
 */
export class MetricsServer {
  readonly #server: Server;
  #registration: string | undefined;
  #token: Buffer | undefined;

  constructor(private readonly options: MetricsServerOptions) {
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => reply(response, 500));
    });
    this.#server.requestTimeout = 5000;
    this.#server.maxConnections = 100;
  }

  /**
   * An address that is in use is told, and another taken: metrics are no reason to wake nothing.
   * @returns where it listens. @throws ReveilleError REFERENCE_UNRESOLVED of the token.
   */
  async listen(): Promise<string> {
    const { config, log } = this.options;
    const { token } = config.control;
    const sources = { env: process.env, folder: config.folder, key: 'control.token' };
    this.#token = token === undefined ? undefined : digest(resolveReferences(token, sources).value);
    const { host, port } = splitAddress(config.worker.metrics ?? '127.0.0.1:0');
    await this.#bind(host, port).catch(async (error: unknown) => {
      log.error({ err: error, at: config.worker.metrics }, 'metrics are told elsewhere');
      await this.#bind('127.0.0.1', 0);
    });
    const bound = this.#server.address();
    const at = addressText({ host, port: typeof bound === 'object' && bound !== null ? bound.port : port });
    this.#register(at);
    return at;
  }

  async #bind(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    if (this.#registration !== undefined) rmSync(this.#registration, { force: true });
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Lets this machine's control find it. */
  #register(at: string): void {
    const folder = join(stateDir(this.options.config), 'run');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#registration = join(folder, `worker-${process.pid}.json`);
    const { pid } = process;
    writeFileSync(this.#registration, JSON.stringify({ kind: 'worker', id: String(pid), at, pid }));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' || request.url !== '/metrics') return reply(response, 404);
    const { registry, config, secret } = this.options;
    if (verify(secret, METRICS_CALL, request.headers[SIGNATURE_HEADER])) {
      return reply(response, 200, 'application/json', JSON.stringify(await registry.getMetricsAsJSON()));
    }
    if (config.worker.metrics === undefined) return reply(response, 403);
    if (this.#token !== undefined && !isToken(request.headers.authorization, this.#token)) {
      response.setHeader('WWW-Authenticate', 'Bearer');
      return reply(response, 401);
    }
    const text = (await registry.metrics()) + (await this.#sdkText());
    reply(response, 200, registry.contentType, text);
  }

  /** Without it where its exporter does not answer: the rest is worth having. */
  async #sdkText(): Promise<string> {
    const { sdkUrl } = this.options;
    if (sdkUrl === undefined) return '';
    try {
      const answer = await fetch(sdkUrl, { signal: AbortSignal.timeout(SDK_MS) });
      return answer.ok ? await answer.text() : '';
    } catch {
      return '';
    }
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Compares digests: neither the content nor the length of the token shows in the time it takes. */
function isToken(authorization: string | undefined, expected: Buffer): boolean {
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), expected);
}

function reply(response: ServerResponse, status: number, type = 'text/plain', body = ''): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
}
