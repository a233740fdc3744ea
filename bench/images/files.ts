/** What the origin serves. */

import { spawn } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { basename } from 'node:path';

export interface Served {
  readonly name: string;
  readonly file: string;
  readonly sha256: string;
}

export interface Format {
  readonly name: string;
  /** What packs, and unpacks with -d. */
  readonly program: string;
  readonly ending: string;
}

/** All take -k, -f, -1 and -dc. */
export const FORMATS: readonly Format[] = [
  { name: 'gzip', program: 'gzip', ending: '.gz' },
  { name: 'xz', program: 'xz', ending: '.xz' },
  { name: 'zstd', program: 'zstd', ending: '.zst' },
];

const BLOCK = 1024 ** 2;

/** @param content all random, or as a disk is: a third random, a third text, a third zeros. */
export async function makeDisk(file: string, bytes: number, content: 'random' | 'mixed'): Promise<Served> {
  const text = Buffer.alloc(BLOCK, 'What stands on disks is often text, and often the same text again. ');
  const zeros = Buffer.alloc(BLOCK);
  const random = Buffer.alloc(BLOCK);
  const descriptor = openSync(file, 'w');
  for (let at = 0; at * BLOCK < bytes; at++) {
    const kind = content === 'random' ? 0 : at % 3;
    if (kind === 0) randomFillSync(random);
    writeSync(descriptor, [random, text, zeros][kind] ?? zeros);
  }
  closeSync(descriptor);
  return await served(file);
}

/** A file in a format. @throws where its program fails. */
export async function packed({ file }: Served, { program, ending }: Format): Promise<Served> {
  const child = spawn(program, ['-k', '-f', '-1', file], { stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${program} ended with code ${code}`);
  return await served(`${file}${ending}`);
}

async function served(file: string): Promise<Served> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: BLOCK })) hash.update(chunk);
  return { name: basename(file), file, sha256: hash.digest('hex') };
}
