import { randomUUID } from 'node:crypto';
import { closeSync, fchownSync, openSync, writeSync } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cleanText, lastBytes } from './log-text.js';

const CHUNK_BYTES = 64 * 1024;
/** Read before the tail that is asked for, so that a secret across its edge is still known as one. */
const MARGIN_BYTES = 8 * 1024;
/** Begins each generation's part. */
const HEADER = '--- reveille: ';

/**
 * The log of one instance: a file that the instance itself appends to, so that it needs no worker to live on.
 * Nobody stands between, so its size is kept by copying it to `log.1` and emptying it, each time somebody
 * calls `rotate`. The bound is therefore: `limit` and what is written between two calls; for the older file
 * `limit`, or twice that where the instance writes faster than can be copied. What is written in the
 * microseconds between the copy's end and the emptying is lost.
 */
export class LogFile {
  /** @param scratch folder for the unfinished copy, on the same file system. */
  constructor(
    private readonly path: string,
    private readonly scratch: string,
  ) {}

  /** First line of a generation's part. */
  static header(words: string): string {
    return `${HEADER}${words} ---`;
  }

  /**
   * Opens for appending; the caller closes. Only the owner may read it: logs hold secrets.
   * @param owner who has to be able to open it again by /dev/stdout; default: the worker's user.
   */
  open(owner?: { uid: number; gid: number }): number {
    const fd = openSync(this.path, 'a', 0o600);
    if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid);
    return fd;
  }

  /** Adds a line of our own. */
  note(words: string): void {
    const fd = this.open();
    try {
      writeSync(fd, `${LogFile.header(words)}\n`);
    } finally {
      closeSync(fd);
    }
  }

  /** Opens, hands over, and closes whatever happens. */
  async with<T>(
    owner: { uid: number; gid: number } | undefined,
    use: (fd: number) => Promise<T>,
  ): Promise<T> {
    const fd = this.open(owner);
    try {
      return await use(fd);
    } finally {
      closeSync(fd);
    }
  }

  /** Where the log is larger than `limit` bytes, keeps its last `limit` bytes as `log.1` and empties it. */
  async rotate(limit: number): Promise<void> {
    const size = (await stat(this.path).catch(() => undefined))?.size ?? 0;
    if (size <= limit) return;
    const temporary = join(this.scratch, randomUUID());
    const from = await open(this.path, 'r+');
    try {
      const to = await open(temporary, 'w', 0o600);
      try {
        await copy(from, to, size - limit, 2 * limit);
        await from.truncate(0);
      } finally {
        await to.close();
      }
      await rename(temporary, `${this.path}.1`);
    } finally {
      await from.close();
      await rm(temporary, { force: true });
    }
  }

  /**
   * The last lines, at most so many bytes, fit to be shown.
   * @param mask replaces secrets.
   */
  async tail(bytes: number, mask: (text: string) => string): Promise<string> {
    const wanted = bytes + MARGIN_BYTES;
    const newer = await readEnd(this.path, wanted);
    const older =
      newer.length < wanted ? await readEnd(`${this.path}.1`, wanted - newer.length) : Buffer.alloc(0);
    return lastBytes(cleanText(mask(Buffer.concat([older, newer]).toString('utf8'))), bytes);
  }

  /** As `tail`, but only of the youngest generation's part. */
  async tailOfGeneration(bytes: number, mask: (text: string) => string): Promise<string> {
    const text = await this.tail(bytes, mask);
    const header = `\n${text}`.lastIndexOf(`\n${HEADER}`);
    if (header === -1) return text;
    const end = text.indexOf('\n', header);
    return end === -1 ? '' : text.slice(end + 1);
  }
}

async function copy(from: FileHandle, to: FileHandle, start: number, most: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const end = start + most;
  for (let position = start; position < end; ) {
    const { bytesRead } = await from.read(buffer, 0, Math.min(CHUNK_BYTES, end - position), position);
    if (bytesRead === 0) return;
    await to.write(buffer, 0, bytesRead);
    position += bytesRead;
  }
}

async function readEnd(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return Buffer.alloc(0);
  try {
    const { size } = await file.stat();
    const length = Math.min(bytes, size);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
