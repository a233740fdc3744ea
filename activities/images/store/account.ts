import { statSync } from 'node:fs';
import { join } from 'node:path';
import { ReveilleError } from '../../../errors/index.js';
import { readIfThere } from '../../host/atomic.js';
import { allocatedBytes, freeBytes } from './disk.js';
import { FileLock } from './file-lock.js';
import type { Layout } from './layout.js';
import type { Records, StoredImage } from './records.js';

/** For the folders and small files of the store itself. */
const STORE_BYTES = 256 * 1024;
/** For the folders, the manifest and the state of one image. */
export const IMAGE_BYTES = 32 * 1024;

/** What a reservation takes from the budget: its bytes, the file system's maps of them, and the small files. */
const withOverhead = (bytes: number): number => bytes + Math.ceil(bytes / 1024) + IMAGE_BYTES;

/** Partial work on an image. */
export interface DraftShare {
  readonly key: string;
  /** What it takes up on the disk now. */
  readonly allocatedBytes: number;
  /** What the budget counts: what is set aside for it, while somebody works on it. */
  readonly bytes: number;
  /** Whether a process works on it. */
  readonly owned: boolean;
  readonly lastUseMs: number;
}

/** What the budget is used for. Needs the lock of the store. */
export class Account {
  private constructor(
    readonly images: readonly StoredImage[],
    readonly drafts: readonly DraftShare[],
    private readonly otherBytes: number,
    /** On the file system, beside what is promised to drafts. */
    readonly diskFreeBytes: number,
  ) {}

  static async take(layout: Layout, records: Records): Promise<Account> {
    const drafts: DraftShare[] = [];
    for (const key of layout.entries('drafts')) drafts.push(await draftShare(layout, key));
    const images = records.images();
    const understood = new Set(images.map(({ key }) => key));
    let other = STORE_BYTES + (await allocatedBytes(layout.aside));
    other += await allocatedBytes(join(layout.directory, 'state'));
    for (const entry of layout.entries('images')) {
      if (!understood.has(entry)) other += await allocatedBytes(layout.image(entry));
    }
    const promised = drafts.reduce((sum, draft) => sum + Math.max(0, draft.bytes - draft.allocatedBytes), 0);
    return new Account(images, drafts, other, (await freeBytes(layout.directory)) - promised);
  }

  get usedBytes(): number {
    return this.otherBytes + sumBytes(this.images) + sumBytes(this.drafts);
  }

  /** What nobody uses here, the longest unused first: images, and partial work that nobody goes on with. */
  evictable(except: ReadonlySet<string>): (StoredImage | DraftShare)[] {
    const images = this.images.filter(({ isHeld }) => !isHeld);
    const drafts = this.drafts.filter(({ owned }) => !owned);
    return [...images, ...drafts]
      .filter(({ key }) => !except.has(key))
      .sort((a, b) => a.lastUseMs - b.lastUseMs);
  }

  /** How much is missing for a draft to have so many bytes, of the budget or of the disk. Not over 0: nothing. */
  shortage(key: string, bytes: number, budgetBytes: number): number {
    const own = this.drafts.find((draft) => draft.key === key)?.bytes ?? 0;
    const more = Math.max(0, withOverhead(bytes) - own);
    return Math.max(this.usedBytes + more - budgetBytes, more - this.diskFreeBytes);
  }

  /** @returns IMAGE_NO_SPACE, which tells who holds what (IP9). */
  noSpace(key: string, bytes: number, budgetBytes: number): ReveilleError {
    const holders = [
      ...this.images.map((image) => ({
        bytes: image.bytes,
        text: `${nameOf(image)} ${size(image.bytes)} ${image.users.length === 0 ? 'unused' : `used by ${list(image.users)}`}`,
      })),
      ...this.drafts
        .filter((draft) => draft.key !== key)
        .map((draft) => ({
          bytes: draft.bytes,
          text: `${shortKey(draft.key)} ${size(draft.bytes)} ${draft.owned ? 'being fetched' : 'half fetched'}`,
        })),
    ].sort((a, b) => b.bytes - a.bytes);
    const disk = size(Math.max(0, this.diskFreeBytes));
    return new ReveilleError(
      'IMAGE_NO_SPACE',
      `Insufficient storage: ${shortKey(key)} needs ${size(bytes)}; the budget is ${size(budgetBytes)}, ` +
        `the disk has ${disk} left; ${holders.length === 0 ? 'nothing else is held' : `held: ${list(holders.map(({ text }) => text))}`}`,
    );
  }
}

async function draftShare(layout: Layout, key: string): Promise<DraftShare> {
  const folder = layout.draft(key);
  const allocated = await allocatedBytes(folder);
  const owned = await isHeld(layout.keyLock(key));
  const reserved = owned ? withOverhead(readReserved(layout, key)) : 0;
  const lastUseMs = Math.round(statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return { key, allocatedBytes: allocated, bytes: Math.max(allocated, reserved), owned, lastUseMs };
}

/** Where a draft keeps what is set aside for it. */
export const reservedFile = (layout: Layout, key: string): string => join(layout.draft(key), 'reserved');

const readReserved = (layout: Layout, key: string): number =>
  Number(readIfThere(reservedFile(layout, key)) ?? 0) || 0;

async function isHeld(file: string): Promise<boolean> {
  const lock = await FileLock.tryTake(file);
  lock?.release();
  return lock === undefined;
}

const sumBytes = (all: readonly { readonly bytes: number }[]): number =>
  all.reduce((sum, { bytes }) => sum + bytes, 0);

const LISTED = 10;
const list = (texts: readonly string[]): string =>
  texts.length <= LISTED
    ? texts.join(', ')
    : `${texts.slice(0, LISTED).join(', ')} and ${texts.length - LISTED} more`;

const size = (bytes: number): string =>
  bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
export const shortKey = (key: string): string => key.slice(0, 12);
export const nameOf = ({ key, guid, url }: Pick<StoredImage, 'key'> & Partial<StoredImage>): string =>
  guid ?? url?.slice(0, 200) ?? shortKey(key);
