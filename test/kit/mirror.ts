import { createHash } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const CHUNK = 64 * 1024;

export interface Manner {
  /** Each connection is broken after so many bytes of a body. */
  breakAfter?: number;
  /** Between two chunks of 64 KiB. */
  pauseMs?: number;
  /** Asked before each chunk, with its place in the file: as long as it is false, nothing more is sent. */
  flows?: (at: number) => boolean;
  /** Instead of the bytes. */
  status?: number;
}

/** Serves bytes by name, as a mirror does, ranges included; counts what it was asked for. */
export class Mirror {
  manner: Manner = {};
  /** Requests by name. */
  readonly requests = new Map<string, number>();
  /** Of each request. */
  readonly headers: IncomingHttpHeaders[] = [];
  /** Bytes of bodies that were sent, in all. */
  sent = 0;
  /** How far into a file anybody was sent anything. */
  reached = 0;

  private constructor(
    private readonly files: ReadonlyMap<string, Buffer>,
    private readonly server: Server,
  ) {
    server.on('request', (request, response) => void this.serve(request, response));
  }

  static async start(files: Record<string, Buffer>): Promise<Mirror> {
    const server = createServer();
    const made = new Mirror(new Map(Object.entries(files)), server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return made;
  }

  url(name: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${name}`;
  }

  /** As reveille.yaml has it. */
  source(name: string): { url: string; sha256: string } {
    return { url: this.url(name), sha256: sha256(this.files.get(name) ?? Buffer.alloc(0)) };
  }

  get asked(): number {
    return [...this.requests.values()].reduce((sum, count) => sum + count, 0);
  }

  async close(): Promise<void> {
    this.manner = {};
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = (request.url ?? '').slice(1);
    const whole = this.files.get(name);
    this.requests.set(name, (this.requests.get(name) ?? 0) + 1);
    this.headers.push(request.headers);
    const { status } = this.manner;
    if (whole === undefined || status !== undefined) {
      response.writeHead(status ?? 404).end();
      return;
    }
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const start = Number(range?.[1] ?? 0);
    const head = { etag: `"${sha256(whole).slice(0, 16)}"`, 'content-length': whole.length - start };
    if (range === null) response.writeHead(200, head);
    else
      response.writeHead(206, {
        ...head,
        'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}`,
      });
    await this.send(whole, start, response);
  }

  private async send(whole: Buffer, start: number, response: ServerResponse): Promise<void> {
    const { breakAfter = Number.POSITIVE_INFINITY } = this.manner;
    for (let at = start; at < whole.length && !response.destroyed; at += CHUNK) {
      while (this.manner.flows?.(at) === false && !response.destroyed) await delay(10);
      if (at - start >= breakAfter) {
        response.destroy();
        return;
      }
      const chunk = whole.subarray(at, at + CHUNK);
      this.sent += chunk.length;
      this.reached = Math.max(this.reached, at + chunk.length);
      if (!response.write(chunk) && !response.destroyed) await drained(response);
      if (this.manner.pauseMs !== undefined) await delay(this.manner.pauseMs);
    }
    response.end();
  }
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
