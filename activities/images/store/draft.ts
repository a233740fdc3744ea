import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digests, ImageContext, ImageProgress, ImageType } from '../contract.js';
import { IMAGE_BYTES, reservedFile } from './account.js';
import { digestOf } from './digest.js';
import { allocatedBytes, moveDurably, removeTree, syncFolder, syncTree, writeDurably } from './disk.js';
import type { FileLock } from './file-lock.js';
import type { Keeper } from './keeper.js';
import { MANIFEST } from './layout.js';
import { type Manifest, parseManifest, publicUrl } from './manifest.js';
import type { StoredImage } from './records.js';

/** What is said of an image when it is complete. */
export interface ImageFacts {
  type: ImageType;
  /** Of the bytes at the URL. */
  digests: Digests;
  guid?: string;
  /** What may not be shown of it is left out. */
  url?: string;
  /** Of the folder `files`: files, or folders that were extracted. Whatever is not named here is removed. */
  files: readonly {
    /** Within `files`. */
    path: string;
    type: ImageType;
    /** What a metadata file calls this part. */
    name?: string;
    /** Of the file as it lies there, where that is known: else it is read once more. */
    sha256?: string;
  }[];
}

/** An ImageContext that pays into a draft. */
export interface DraftContext extends ImageContext {
  /** What was set aside for this work may be had by the next: its bytes were removed. */
  done(): void;
}

/** Partial work on one image, ours alone until it is committed, discarded or left. */
export class Draft {
  /** For downloads and what else is to be gone on with after a crash. */
  readonly work: string;
  /** For what becomes the image. Empty at first: results that are half done are of no use. */
  readonly files: string;
  private readonly shares = new Map<object, number>();
  private reservedBytes = 0;
  private asking: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly key: string,
    private readonly keeper: Keeper,
    private readonly lock: FileLock,
  ) {
    const folder = keeper.layout.draft(key);
    this.work = join(folder, 'work');
    this.files = join(folder, 'files');
  }

  /** @param lock of the key; the draft ends it. */
  static async open(key: string, keeper: Keeper, lock: FileLock): Promise<Draft> {
    const draft = new Draft(key, keeper, lock);
    // What an earlier process had set aside was given to others when it ended.
    rmSync(reservedFile(keeper.layout, key), { force: true });
    await removeTree(draft.files);
    for (const folder of [draft.work, draft.files]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    return draft;
  }

  /**
   * Makes sure that the draft may take up so many bytes in all, evicting what is unused longest where there is need.
   * To be asked before they are written.
   * @throws ReveilleError IMAGE_NO_SPACE, which tells who holds what.
   */
  reserve(totalBytes: number, signal?: AbortSignal): Promise<void> {
    return this.inTurn(() => this.grow(totalBytes, signal));
  }

  /** What a piece of work is given; the pieces' reservations add up. */
  context(signal: AbortSignal, progress: (progress: ImageProgress) => void): DraftContext {
    const share = {};
    return {
      signal,
      progress,
      reserve: (bytes) =>
        this.inTurn(async () => {
          if (bytes <= (this.shares.get(share) ?? 0)) return;
          const others = [...this.shares].filter(([owner]) => owner !== share);
          await this.grow(
            others.reduce((sum, [, held]) => sum + held, bytes),
            signal,
          );
          this.shares.set(share, bytes);
        }),
      done: () => this.shares.delete(share),
    };
  }

  private async grow(totalBytes: number, signal?: AbortSignal): Promise<void> {
    if (totalBytes <= this.reservedBytes) return;
    await this.keeper.makeRoom(this.key, totalBytes, signal);
    this.reservedBytes = totalBytes;
  }

  /** One after the other: each adds to what the one before was granted. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.asking.then(work);
    this.asking = mine.catch(() => {});
    return mine;
  }

  /**
   * Makes the draft an image: whoever looks sees it complete, or not at all, after any crash.
   * @param users who use it from the start: nobody can evict it before they are written down.
   */
  async commit(
    facts: ImageFacts,
    users: readonly string[] = [],
    context?: ImageContext,
  ): Promise<StoredImage> {
    const folder = this.keeper.layout.draft(this.key);
    const manifest = await this.manifest(facts, context);
    const named = new Set(facts.files.map(({ path }) => path.split('/')[0]));
    await keepOnly(this.files, (entry) => named.has(entry));
    await syncTree(this.files);
    manifest.allocatedBytes = (await allocatedBytes(this.files)) + IMAGE_BYTES;
    // Nothing here looks whether every byte was asked for before: it counts before it becomes an image.
    await this.reserve(manifest.allocatedBytes, context?.signal);
    const text = JSON.stringify(manifest);
    if (parseManifest(text) === undefined)
      throw new Error(`no manifest can be made of ${text.slice(0, 1000)}`);
    writeDurably(join(folder, MANIFEST), text);
    // From here on it is too late to go on with partial work; before, a crash loses nothing that was fetched.
    await keepOnly(folder, (entry) => entry === MANIFEST || entry === 'files');
    syncFolder(folder);
    const image = await this.keeper.locked(() => {
      const state = this.keeper.records.state(this.key);
      const now = Date.now();
      const known = new Set(state.uses.map(({ user }) => user));
      const uses = users.filter((user) => !known.has(user)).map((user) => ({ user, sinceMs: now }));
      this.keeper.records.save(this.key, {
        ...state,
        uses: [...state.uses, ...uses],
        lastUseMs: now,
        checkedMs: now,
      });
      const place = this.keeper.layout.image(this.key);
      // One that nobody understood, and that was in use.
      if (existsSync(place)) moveDurably(place, this.keeper.layout.newAside());
      moveDurably(folder, place);
      return this.keeper.records.image(this.key);
    });
    if (image === undefined) throw new Error(`the manifest of ${this.key} is not where it was put`);
    this.lock.release();
    return image;
  }

  /** Removes all of it. */
  async discard(): Promise<void> {
    await removeTree(this.keeper.layout.draft(this.key));
    this.lock.removeAndRelease();
  }

  /** Gives it up as it is: the next `begin` of its key goes on with what is in `work`. */
  leave(): void {
    this.lock.release();
  }

  private async manifest(facts: ImageFacts, context?: ImageContext): Promise<Manifest> {
    const { type, digests, guid } = facts;
    const url = facts.url === undefined ? undefined : publicUrl(facts.url);
    const files: Manifest['files'] = [];
    let read = 0;
    const onBytes = (bytes: number) => {
      read += bytes;
      context?.progress({ step: 'checking', bytes: read });
    };
    for (const { path, type, name, sha256 } of facts.files) {
      const file = join(this.files, path);
      const known = sha256 === undefined ? undefined : { sha256, bytes: (await lstat(file)).size };
      const content =
        known ?? (await digestOf(file, context === undefined ? {} : { signal: context.signal, onBytes }));
      files.push({ path, type, ...(name === undefined ? {} : { name }), ...content });
    }
    return {
      version: 1,
      key: this.key,
      type,
      digests,
      ...(guid === undefined ? {} : { guid }),
      ...(url === undefined ? {} : { url }),
      createdMs: Date.now(),
      allocatedBytes: 0,
      files,
    };
  }
}

async function keepOnly(folder: string, isKept: (entry: string) => boolean): Promise<void> {
  for (const entry of await readdir(folder)) if (!isKept(entry)) await removeTree(join(folder, entry));
}
