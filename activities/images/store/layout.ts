import { randomUUID } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ReveilleError } from '../../../errors/index.js';
import { readIfThere } from '../../host/atomic.js';
import { writeDurably } from './disk.js';

/** What an image is, in its folder. */
export const MANIFEST = 'manifest.json';
const MARKER = 'reveille-images.json';
const MARK = JSON.stringify({ version: 1, what: 'images of Reveille: what is in here comes and goes' });
const PARTS = ['images', 'drafts', 'state', 'locks', 'sessions', 'aside'] as const;
/** Hexadecimal digests, and short words after them for what was made of the bytes. */
const KEY = /^[0-9a-f]{40,128}(-[a-z0-9]{1,16}){0,4}$/;

/**
 * The folder of a store:
 * - `images/KEY/`: a complete image: manifest.json and its `files/`;
 * - `drafts/KEY/`: partial work on one: `work/`, `files/` and what it has reserved;
 * - `state/KEY.json`: who uses it, and where it is registered;
 * - `locks/KEY`: held by who fetches or evicts it; `lock`: held for a moment by who changes anything else;
 * - `sessions/`: a locked file for each process that has the store open;
 * - `aside/`: what is being removed.
 */
export class Layout {
  constructor(readonly directory: string) {}

  get lock(): string {
    return join(this.directory, 'lock');
  }
  get aside(): string {
    return join(this.directory, 'aside');
  }
  get sessions(): string {
    return join(this.directory, 'sessions');
  }
  get suspect(): string {
    return join(this.directory, 'state', 'suspect');
  }

  image(key: string): string {
    return join(this.directory, 'images', key);
  }
  manifest(key: string): string {
    return join(this.image(key), MANIFEST);
  }
  files(key: string): string {
    return join(this.image(key), 'files');
  }
  draft(key: string): string {
    return join(this.directory, 'drafts', key);
  }
  state(key: string): string {
    return join(this.directory, 'state', `${key}.json`);
  }
  /** There while somebody is about to remove the image. Empty, so that a full disk takes it. */
  evicting(key: string): string {
    return join(this.directory, 'state', `${key}.evicting`);
  }
  keyLock(key: string): string {
    return join(this.directory, 'locks', key);
  }
  newAside(): string {
    return join(this.aside, randomUUID());
  }
  entries(part: (typeof PARTS)[number]): string[] {
    return readdirSync(join(this.directory, part));
  }

  /**
   * Looks whether the folder can be a store's, and makes it where there is none.
   * @throws ReveilleError IMAGE_STORE_UNUSABLE for one that is somebody else's, leads elsewhere or holds other things.
   */
  check(): void {
    try {
      mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw unusable(this.directory, `cannot be made: ${why}`, cause);
    }
    this.checkDirectory();
    const mark = readIfThere(join(this.directory, MARKER));
    if (mark !== undefined && mark !== MARK) {
      throw unusable(this.directory, 'belongs to another version of Reveille');
    }
    const strange = readdirSync(this.directory).find((name) => !isOurs(name));
    if (mark === undefined && strange !== undefined) {
      throw unusable(this.directory, `holds other things (${strange})`);
    }
  }

  /** Makes what is in the folder. Needs the lock. */
  prepare(): void {
    const marker = join(this.directory, MARKER);
    if (readIfThere(marker) === undefined) writeDurably(marker, MARK);
    for (const part of PARTS) mkdirSync(join(this.directory, part), { recursive: true, mode: 0o700 });
  }

  private checkDirectory(): void {
    const stat = lstatSync(this.directory);
    if (stat.isSymbolicLink()) throw unusable(this.directory, 'is a symbolic link');
    if (!stat.isDirectory()) throw unusable(this.directory, 'is not a folder');
    if (stat.uid !== process.getuid?.()) throw unusable(this.directory, 'belongs to another user');
    if ((stat.mode & 0o022) !== 0) throw unusable(this.directory, 'may be written to by other users');
  }
}

/** What may be there before the marker is, of a process that is just a little faster, or died. */
const isOurs = (name: string): boolean =>
  name === 'lock' || name.startsWith(MARKER) || (PARTS as readonly string[]).includes(name);

export const isKey = (name: string): boolean => KEY.test(name);

/** @throws ReveilleError IMAGE_STORE_UNUSABLE: names of folders are made of digests alone. */
export function checkKey(key: string): void {
  if (!isKey(key)) throw new ReveilleError('IMAGE_STORE_UNUSABLE', `${JSON.stringify(key)} is no key`);
}

const unusable = (directory: string, why: string, cause?: unknown): ReveilleError =>
  new ReveilleError('IMAGE_STORE_UNUSABLE', `the folder for images, ${directory}, ${why}`, { cause });
