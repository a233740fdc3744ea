/** Who fetches: each checks the digest, and says so where it is wrong. */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findEngine } from '#scripts/engines.mjs';
import type { ImageContext } from '../../activities/images/contract.js';
import { DEFAULT_FETCH_SETTINGS, fetchSource } from '../../activities/images/fetch/index.js';
import { DEFAULT_UNPACK_LIMITS, unpack } from '../../activities/images/unpack/index.js';
import type { Format, Served } from './files.js';

const run = promisify(execFile);

export interface Contestant {
  readonly name: string;
  /** @param folder empty. @throws where the digest is wrong. */
  run(url: string, served: Served, folder: string): Promise<unknown>;
}

const context: ImageContext = { signal: new AbortController().signal, progress() {}, async reserve() {} };

/** Fetch and check. */
export function fetchers(): Contestant[] {
  const all: Contestant[] = [
    {
      name: 'Reveille',
      run: fetchOurs,
    },
    {
      name: 'curl | sha256sum',
      run: (url, { sha256 }) => shell('curl -sSf "$1" | sha256sum', [url], sha256),
    },
  ];
  if (findEngine('aria2c') !== undefined) all.push({ name: 'aria2', run: aria2 });
  return all;
}

/** Fetch, check and unpack. */
export function unpackers(plain: Served, { program }: Format): Contestant[] {
  const bytes = statSync(plain.file).size;
  const checkSize = (file: string): void => {
    if (statSync(file).size !== bytes) throw new Error(`${file} has another size than ${plain.file}`);
  };
  return [
    {
      name: 'Reveille',
      async run(url, served, folder) {
        const file = await fetchOurs(url, served, folder);
        const options = { type: 'raw', compression: 'auto', into: folder, name: 'image' } as const;
        await unpack(file, { ...options, limits: DEFAULT_UNPACK_LIMITS, context });
        checkSize(join(folder, 'image'));
      },
    },
    {
      name: `curl | sha256sum, then ${program}`,
      async run(url, { sha256 }, folder) {
        const [file, image] = [join(folder, 'part'), join(folder, 'image')];
        const script = 'curl -sSf "$1" | tee "$2" | sha256sum && "$3" -dc "$2" > "$4"';
        await shell(script, [url, file, program, image], sha256);
        checkSize(image);
      },
    },
  ];
}

async function fetchOurs(url: string, { sha256 }: Served, folder: string): Promise<string> {
  const part = join(folder, 'part');
  await fetchSource(
    { urls: [url], digests: { sha256 }, trusted: true },
    part,
    DEFAULT_FETCH_SETTINGS,
    context,
  );
  return part;
}

async function aria2(url: string, { sha256 }: Served, folder: string): Promise<void> {
  const options = ['--quiet', '--no-conf', '--file-allocation=none', `--checksum=sha-256=${sha256}`];
  await run('aria2c', [...options, `--dir=${folder}`, '--out=part', url]);
}

/** @param args of the script, by their numbers. @param sha256 that it prints first. */
async function shell(script: string, args: readonly string[], sha256: string): Promise<void> {
  const { stdout } = await run('sh', ['-c', script, 'sh', ...args]);
  if (!stdout.startsWith(sha256)) throw new Error(`${script}: ${stdout}`);
}
