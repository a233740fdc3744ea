import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import Server from 'bittorrent-tracker/server';
import { DEFAULT_SEED_SETTINGS, type SeedSettings, seed } from '../../activities/images/fetch/index.js';
import { makeTorrent, type TestTorrent } from './torrent.js';

/** A tracker on loopback, and seeds that it knows. */
export class Swarm {
  readonly tracker: string;
  /** The same one. */
  readonly udpTracker: string;
  readonly #folder: string;
  #seeds = 0;

  private constructor(
    private readonly t: TestContext,
    private readonly server: Server,
  ) {
    this.tracker = `http://127.0.0.1:${server.http.address().port}/announce`;
    this.udpTracker = `udp://127.0.0.1:${server.udp4.address().port}`;
    this.#folder = mkdtempSync(join(tmpdir(), 'reveille-swarm-'));
  }

  static async start(t: TestContext): Promise<Swarm> {
    const server = new Server({ ws: false, stats: false, interval: 500 });
    server.listen(0, { http: '127.0.0.1', udp: '127.0.0.1', udp6: '::1' });
    await once(server, 'listening');
    const swarm = new Swarm(t, server);
    t.after(async () => {
      await new Promise((resolve) => server.close(resolve));
      rmSync(swarm.#folder, { recursive: true, force: true });
    });
    return swarm;
  }

  /** A torrent of one file. */
  torrent(bytes: Buffer, tracker = this.tracker): TestTorrent {
    return makeTorrent([{ name: 'image.raw', bytes }], tracker);
  }

  /** The torrents that anybody asked the tracker for. */
  announced(): string[] {
    return Object.keys(this.server.torrents);
  }

  /** Seeds that the tracker knows of a torrent. */
  complete(infoHash: string): number {
    return this.server.torrents[infoHash]?.complete ?? 0;
  }

  /** Gives a file to others until the test ends, or what this gives is called. */
  async seed(
    torrent: TestTorrent,
    bytes: Buffer,
    { name, ...some }: Partial<SeedSettings> & { name?: string } = {},
  ): Promise<() => Promise<void>> {
    const base = join(this.#folder, String(this.#seeds++));
    const held = { torrentFile: `${base}.torrent`, file: base, ...(name === undefined ? {} : { name }) };
    writeFileSync(held.torrentFile, torrent.bytes);
    writeFileSync(held.file, bytes);
    const abort = new AbortController();
    const settings = { ...DEFAULT_SEED_SETTINGS, allowPrivate: true, ...some };
    let seeding: Promise<void> = Promise.resolve();
    await new Promise<void>((resolve, reject) => {
      seeding = seed([held], settings, abort.signal, () => resolve());
      seeding.catch(reject);
    });
    const end = async (): Promise<void> => {
      abort.abort();
      await seeding;
    };
    this.t.after(end);
    return end;
  }
}
