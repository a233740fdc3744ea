import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What a server of images does besides what it should. */
export interface Behaviour {
  /** Range requests are answered with the whole. */
  ignoresRanges?: boolean;
  etag?: string | undefined;
  lastModified?: string | undefined;
  /** Chunked, without Content-Length. */
  chunked?: boolean;
  /** The connection is broken after so many bytes of each answer. */
  breaksAfter?: number;
  /** In order, rather than by a reset. */
  closes?: boolean;
  /** Told how many bytes were sent in all. */
  onSent?(bytes: number): void;
  /** Answers instead of the server: true where it did. */
  instead?(request: IncomingMessage, response: ServerResponse): boolean;
}

export interface Certificate {
  key: string;
  cert: string;
}

const SLICE = 64 * 1024;

/** An HTTP server of one file on loopback, that counts what it sends and breaks as it is told. */
export class ImageServer {
  /** Of all answers together. */
  sent = 0;
  readonly requests: { url: string; headers: IncomingMessage['headers'] }[] = [];
  behaviour: Behaviour;
  bytes: Buffer;
  readonly #server: Server;

  private constructor(
    bytes: Buffer,
    behaviour: Behaviour,
    private readonly tls: Certificate | undefined,
  ) {
    const answer = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response);
    this.#server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
    this.bytes = bytes;
    this.behaviour = behaviour;
  }

  /** @param tls key and certificate, in PEM: then it speaks https. */
  static async start(
    bytes: Buffer = randomBytes(300_000),
    behaviour: Behaviour = {},
    tls?: Certificate,
  ): Promise<ImageServer> {
    const server = new ImageServer(bytes, { etag: '"one"', ...behaviour }, tls);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}/image.raw`;
  }

  get sha256(): string {
    return createHash('sha256').update(this.bytes).digest('hex');
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push({ url: request.url ?? '', headers: request.headers });
    if (this.behaviour.instead?.(request, response) === true) return;
    const { etag, lastModified, ignoresRanges, chunked } = this.behaviour;
    if (etag !== undefined) response.setHeader('etag', etag);
    if (lastModified !== undefined) response.setHeader('last-modified', lastModified);
    const ifRange = request.headers['if-range'];
    const current = ifRange === undefined || ifRange === etag || ifRange === lastModified;
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const ranged = range !== null && current && ignoresRanges !== true;
    const first = ranged ? Number(range[1]) : 0;
    const total = this.bytes.length;
    if (ranged && first >= total) {
      response.writeHead(416, { 'content-range': `bytes */${total}` }).end();
      return;
    }
    if (ranged) response.setHeader('content-range', `bytes ${first}-${total - 1}/${total}`);
    if (chunked !== true) response.setHeader('content-length', total - first);
    response.writeHead(ranged ? 206 : 200);
    void this.#send(response, this.bytes.subarray(first));
  }

  async #send(response: ServerResponse, bytes: Buffer): Promise<void> {
    const { breaksAfter = Number.POSITIVE_INFINITY, closes } = this.behaviour;
    const end = Math.min(bytes.length, breaksAfter);
    for (let at = 0; at < end; at += SLICE) {
      const slice = bytes.subarray(at, Math.min(at + SLICE, end));
      if (response.destroyed) return;
      this.sent += slice.length;
      this.behaviour.onSent?.(this.sent);
      await new Promise((resolve) => response.write(slice, resolve));
    }
    if (end === bytes.length) response.end();
    else if (closes === true) response.socket?.end();
    else response.socket?.resetAndDestroy();
  }
}
