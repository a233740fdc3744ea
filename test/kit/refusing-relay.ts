import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Stands before an HTTP API on a Unix socket, and refuses what it is told to with 500. */
export class RefusingRelay {
  private readonly folder = mkdtempSync(join(tmpdir(), 'reveille-relay-'));
  private readonly refused = new Set<RegExp>();
  private readonly server: Server;

  private constructor(upstream: string) {
    this.server = createServer((incoming, outgoing) => {
      const { method, url, headers } = incoming;
      if ([...this.refused].some((one) => one.test(`${method} ${url}`))) {
        incoming.resume();
        outgoing.writeHead(500, { 'Content-Type': 'application/json' });
        outgoing.end(JSON.stringify({ message: 'refused by the test' }));
        return;
      }
      const forwarded = request({ socketPath: upstream, method, path: url, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        outgoing.flushHeaders();
        answer.pipe(outgoing);
      });
      forwarded.on('error', () => outgoing.destroy());
      outgoing.on('close', () => forwarded.destroy());
      incoming.pipe(forwarded);
    });
  }

  static async to(upstream: string): Promise<RefusingRelay> {
    const relay = new RefusingRelay(upstream);
    await new Promise<void>((done) => relay.server.listen(join(relay.folder, 'socket'), done));
    return relay;
  }

  /** unix://PATH */
  get address(): string {
    return `unix://${join(this.folder, 'socket')}`;
  }

  /** @param what method and path. @returns what ends it. */
  refuse(what: RegExp): () => void {
    this.refused.add(what);
    return () => this.refused.delete(what);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
