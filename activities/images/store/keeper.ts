import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../../config/index.js';
import { namedDiskError } from '../full-disk.js';
import { Account, nameOf, reservedFile, shortKey } from './account.js';
import { moveDurably, removeTree, writeDurably } from './disk.js';
import { FileLock } from './file-lock.js';
import type { Layout } from './layout.js';
import { Records, type StoredImage, type Stray } from './records.js';

/** Takes an image away from the places where it is registered. Called again after a crash; must be content with none. */
export type Deregister = (image: Stray & Partial<StoredImage>, signal: AbortSignal) => Promise<void>;

export interface KeeperOptions {
  /** What the whole folder may take up on the disk. */
  budgetBytes: number;
  deregister: Deregister;
  /** Who is made from an image where it is registered, by its key: they need nothing of it here. */
  usersElsewhere: (key: string) => readonly string[];
  log: Logger;
}

/** Something that is about to be removed, and that nobody can begin or use until then. */
interface Victim {
  readonly key: string;
  readonly lock: FileLock;
  /** Undefined: partial work, or nothing here: but places may have it. */
  readonly image: StoredImage | undefined;
}

const NEVER = new AbortController().signal;

/** Room in a store: who gets it, and who has to go. */
export class Keeper {
  readonly records: Records;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    readonly layout: Layout,
    readonly options: KeeperOptions,
  ) {
    this.records = new Records(layout, options.usersElsewhere);
  }

  /** Runs what changes the store, alone among all processes. For moments only. */
  locked<T>(work: () => T | Promise<T>): Promise<T> {
    const mine = this.turn.then(async () => {
      const lock = await FileLock.take(this.layout.lock);
      try {
        return await work();
      } catch (error) {
        throw namedDiskError(error);
      } finally {
        lock.release();
      }
    });
    this.turn = mine.catch(() => {});
    return mine;
  }

  /** @throws ReveilleError IMAGE_NO_SPACE. */
  async makeRoom(key: string, bytes: number, signal: AbortSignal = NEVER): Promise<void> {
    const kept = new Set<string>();
    for (;;) {
      signal.throwIfAborted();
      await this.emptyAside();
      const next = await this.locked(() => this.grantOrChoose(key, bytes, kept));
      if (next === undefined) return;
      if (typeof next === 'string') await this.waitFor(next, signal);
      else if (!(await this.evict(next, signal))) kept.add(next.key);
    }
  }

  /** @returns undefined where the room is there, and is taken; else who has to go first, or the key to wait for. */
  private async grantOrChoose(
    key: string,
    bytes: number,
    kept: Set<string>,
  ): Promise<Victim | string | undefined> {
    const account = await Account.take(this.layout, this.records);
    const { budgetBytes } = this.options;
    const shortage = account.shortage(key, bytes, budgetBytes);
    if (shortage <= 0) {
      writeDurably(reservedFile(this.layout, key), String(bytes));
      return undefined;
    }
    const candidates = account.evictable(new Set([...kept, key]));
    // Nothing is thrown away for what can never fit.
    if (candidates.reduce((sum, candidate) => sum + candidate.bytes, 0) < shortage) {
      throw account.noSpace(key, bytes, budgetBytes);
    }
    for (const candidate of candidates) {
      const victim = await this.claim(candidate);
      if (victim !== undefined) return victim;
    }
    // All are being removed, or looked at, by others.
    return candidates[0]?.key;
  }

  private async waitFor(key: string, signal: AbortSignal): Promise<void> {
    (await FileLock.take(this.layout.keyLock(key), signal)).release();
  }

  /**
   * Marks something that nobody uses as about to go. Needs the lock of the store.
   * @returns undefined where somebody is at it.
   */
  async claim({ key }: { key: string }): Promise<Victim | undefined> {
    const lock = await FileLock.tryTake(this.layout.keyLock(key));
    if (lock === undefined) return undefined;
    const image = this.records.image(key);
    if (image !== undefined) this.records.setEvicting(key, true);
    return { key, lock, image };
  }

  /**
   * Removes it: at its places first, unless somebody uses it there, then here.
   * @returns false where a place would not let it go, and it is kept.
   */
  async evict({ key, lock, image }: Victim, signal: AbortSignal): Promise<boolean> {
    const { deregister, log } = this.options;
    const { uses, lastUseMs, registrations } = this.records.state(key);
    // Of partial work: whoever still counts on what a place has keeps that.
    const stays = this.records.isUsedElsewhere(key) || (image === undefined && uses.length > 0);
    try {
      if (!stays && image !== undefined) await deregister(image, signal);
      else if (!stays && registrations.length > 0)
        await deregister({ key, lastUseMs, registrations }, signal);
    } catch (error) {
      log.warn({ err: error, image: shortKey(key) }, 'an image is kept: it could not be deregistered');
      await this.locked(() => this.records.setEvicting(key, false)).finally(() => lock.release());
      return false;
    }
    const moved = this.locked(() => {
      for (const folder of [this.layout.image(key), this.layout.draft(key)]) {
        if (existsSync(folder)) moveDurably(folder, this.layout.newAside());
      }
      if (!stays) return this.records.drop(key);
      this.records.setEvicting(key, false);
      this.records.forget(key);
    });
    await moved.finally(() => lock.removeAndRelease());
    await this.emptyAside();
    log.info({ image: image === undefined ? shortKey(key) : nameOf(image) }, 'an image was removed');
    return true;
  }

  /** What is in there is nobody's any more, whoever put it there. */
  async emptyAside(): Promise<void> {
    for (const entry of this.layout.entries('aside')) {
      await removeTree(join(this.layout.aside, entry)).catch((error: unknown) =>
        this.options.log.warn({ err: error }, 'what is left of an image could not be removed yet'),
      );
    }
  }
}
