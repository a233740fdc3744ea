import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ImageContext, ImageProgress } from '../../activities/images/contract.js';
import {
  DEFAULT_FETCH_SETTINGS,
  type Fetched,
  type FetchSettings,
  type FetchSource,
  fetchSource,
} from '../../activities/images/fetch/index.js';
import { ImageServer } from './image-server.js';

/** Retries without long pauses; the rest as by default. */
export const settings = (some: Partial<FetchSettings> = {}): FetchSettings => ({
  ...DEFAULT_FETCH_SETTINGS,
  attempts: 2,
  backoff: { firstMs: 1, maxMs: 10 },
  ...some,
});

/** A folder for one part, and what happened to it. */
export class Fetching {
  readonly part: string;
  readonly progress: ImageProgress[] = [];
  readonly reserved: number[] = [];
  readonly abort = new AbortController();
  readonly context: ImageContext = {
    signal: this.abort.signal,
    progress: (progress) => void this.progress.push(progress),
    reserve: async (bytes) => void this.reserved.push(bytes),
  };

  /** @param folder one in which another has been at work. */
  constructor(
    t: TestContext,
    readonly folder = mkdtempSync(join(tmpdir(), 'reveille-fetch-')),
  ) {
    this.part = join(folder, 'part');
    t.after(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  async fetch(source: Partial<FetchSource> & Pick<FetchSource, 'urls'>, some = settings()): Promise<Fetched> {
    return await fetchSource({ digests: {}, trusted: true, ...source }, this.part, some, this.context);
  }

  /** Names of the files that are left. */
  left(): string[] {
    return readdirSync(this.folder).sort();
  }
}

/** A server that ends with the test. */
export async function imageServer(
  t: TestContext,
  ...start: Parameters<typeof ImageServer.start>
): Promise<ImageServer> {
  const server = await ImageServer.start(...start);
  t.after(() => server.close());
  return server;
}

/** A process that fetches a source into a part; it is killed at the latest when the test ends. */
export function startFetch(t: TestContext, part: string, source: object): ChildProcess {
  const program = fileURLToPath(new URL('./fetch-child.js', import.meta.url));
  const args = [program, part, JSON.stringify(source), JSON.stringify(settings())];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  return child;
}
