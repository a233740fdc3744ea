import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import type { ImageContext, ImageProgress } from '../../activities/images/contract.js';
import { DEFAULT_UNPACK_LIMITS, type Unpacked, unpack } from '../../activities/images/unpack/index.js';
import type { UnpackOptions } from '../../activities/images/unpack/unpack.js';
import { engine } from './engines.js';
import { testFolder } from './image-store.js';

/** A context of a test, with room for everything. */
export class TestContextOfImages implements ImageContext {
  reserved = 0;
  readonly seen: ImageProgress[] = [];
  readonly abort = new AbortController();
  readonly signal: AbortSignal = this.abort.signal;
  progress = (progress: ImageProgress): void => {
    this.seen.push(progress);
  };
  reserve = async (bytes: number) => {
    this.reserved = Math.max(this.reserved, bytes);
  };
}

/** Unpacks bytes in a folder of the test's own. */
export class Unpacking {
  readonly folder: string;
  readonly into: string;
  readonly context = new TestContextOfImages();
  constructor(t: TestContext) {
    this.folder = testFolder(t);
    this.into = join(this.folder, 'into');
    mkdirSync(this.into);
  }

  run(bytes: Buffer, options: Partial<UnpackOptions> = {}): Promise<Unpacked> {
    const file = join(this.folder, 'part');
    writeFileSync(file, bytes);
    return unpack(file, {
      type: 'file',
      compression: 'auto',
      into: this.into,
      name: 'image',
      limits: DEFAULT_UNPACK_LIMITS,
      context: this.context,
      ...options,
    });
  }

  get result(): Buffer {
    return readFileSync(this.file);
  }

  get file(): string {
    return join(this.into, 'image');
  }

  /** What is in the folder of results. */
  get left(): string[] {
    return readdirSync(this.into);
  }
}

/** An archive of these entries, as any tar(1) would not make it. */
export async function tarOf(
  entries: readonly (Partial<Header> & { name: string; text?: string | Buffer })[],
): Promise<Buffer> {
  const archive = pack();
  for (const { text, ...header } of entries) archive.entry(header, text ?? '');
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export const PACKERS = ['gzip', 'bzip2', 'xz', 'zstd'] as const;

/** As the program of that name packs them. */
export function packed(program: (typeof PACKERS)[number], bytes: Buffer): Buffer {
  if (program === 'gzip') return gzipSync(bytes);
  return execFileSync(engine(program), ['-c'], { input: bytes, maxBuffer: 1 << 30 });
}

/** Data with a hole in it, as disks have. */
export function sparseBytes(): Buffer {
  const bytes = Buffer.alloc(8 << 20);
  randomBytes(100_000).copy(bytes, 12_345);
  randomBytes(10).copy(bytes, 6 << 20);
  return bytes;
}
