import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Logger } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import { Account, type DraftShare, nameOf } from './account.js';
import { type CollectOptions, collect, type Removal, removeAll } from './collect.js';
import { Draft } from './draft.js';
import { FileLock } from './file-lock.js';
import { type Deregister, Keeper } from './keeper.js';
import { checkKey, Layout } from './layout.js';
import type { Registration } from './manifest.js';
import { type CheckOptions, isDue, recheck } from './recheck.js';
import { isUnreadable, type StoredImage } from './records.js';
import { Session } from './session.js';
import { sweep } from './sweep.js';

export interface ImageStoreOptions {
  /** Absolute. Made where it is missing; nothing else may be in it. */
  directory: string;
  /** What the folder may take up on the disk, partial work included. */
  budgetBytes: number;
  /** How old the last check of an image's files may be when it is used. Default: 7 days. */
  recheckAfterMs?: number;
  /** Default: nothing is registered anywhere. */
  deregister?: Deregister;
  /** Who is made from an image where it is registered, by its key: its registrations stay. Default: nobody. */
  usersElsewhere?: (key: string) => readonly string[];
  log: Logger;
}

const PASSING = 'registering-';
const WEEK_MS = 7 * 24 * 3_600_000;

/**
 * The images of a host, in a folder that several processes share: complete or absent, within a budget, and never
 * removed from under who uses them. Keys are digests in hexadecimal, with short words after a dash where several
 * things are made of the same bytes. Users are names of the caller's, such as a resource with its generation; their
 * uses outlive every process until they are released.
 */
export class ImageStore {
  private constructor(
    private readonly keeper: Keeper,
    private readonly session: Session,
    private readonly recheckAfterMs: number,
  ) {}

  /** @throws ReveilleError IMAGE_STORE_UNUSABLE. */
  static async open(options: ImageStoreOptions): Promise<ImageStore> {
    const { directory, budgetBytes, recheckAfterMs = WEEK_MS, log } = options;
    const { deregister = async () => {}, usersElsewhere = () => [] } = options;
    const layout = new Layout(directory);
    layout.check();
    const keeper = new Keeper(layout, { budgetBytes, deregister, usersElsewhere, log });
    const session = await keeper.locked(async () => {
      layout.prepare();
      const opened = await Session.open(layout, keeper.records);
      await sweep(keeper);
      return opened;
    });
    await keeper.emptyAside();
    return new ImageStore(keeper, session, recheckAfterMs);
  }

  /** An end that is not a crash: what is stored is not in doubt after it. Drafts have to be ended before. */
  async close(): Promise<void> {
    await this.keeper.locked(() => this.session.close());
  }

  /** As after a reload of the configuration; what is over it goes when the next room is needed. */
  setBudget(bytes: number): void {
    this.keeper.options.budgetBytes = bytes;
  }

  find(key: string): StoredImage | undefined {
    checkKey(key);
    return this.keeper.records.image(key);
  }

  /** All images, the last used first. */
  list(): StoredImage[] {
    return this.keeper.records.images().sort((a, b) => b.lastUseMs - a.lastUseMs);
  }

  /** What counts against the budget, and partial work among it. */
  async usage(): Promise<{ usedBytes: number; budgetBytes: number; drafts: readonly DraftShare[] }> {
    const { layout, records, options } = this.keeper;
    const { usedBytes, drafts } = await this.keeper.locked(() => Account.take(layout, records));
    return { usedBytes, budgetBytes: options.budgetBytes, drafts };
  }

  /**
   * Partial work on an image, with what an earlier process left of it. Waits while another has it.
   * @returns undefined where the image is complete, perhaps by then.
   */
  async begin(key: string, signal?: AbortSignal): Promise<Draft | undefined> {
    checkKey(key);
    const lock = await FileLock.take(this.keeper.layout.keyLock(key), signal);
    try {
      if (this.keeper.records.image(key) === undefined) return await Draft.open(key, this.keeper, lock);
      await this.keeper.locked(() => this.keeper.records.setEvicting(key, false));
    } catch (error) {
      lock.release();
      throw error;
    }
    lock.release();
    return undefined;
  }

  /**
   * Writes down that somebody uses an image: from then on, after any crash, it is not removed until `release`. Where a
   * check of its files is due it is made, and an image that fails it is removed.
   * @returns undefined where there is no such image, or no longer.
   */
  async use(key: string, user: string, options: CheckOptions = {}): Promise<StoredImage | undefined> {
    checkKey(key);
    for (;;) {
      const found = await this.keeper.locked(() => this.addUse(key, user));
      if (found === undefined) return undefined;
      if (found === 'evicting') {
        await this.waitForEviction(key, options.signal);
        continue;
      }
      const checked = await this.checked(key, options);
      if (checked === undefined) await this.release(key, user);
      return checked;
    }
  }

  /** An image whose files are looked at first, where a check of them is due. As `use`, for who does not use it. */
  async checked(key: string, options: CheckOptions = {}): Promise<StoredImage | undefined> {
    const image = this.find(key);
    if (image === undefined || !isDue(image, this.keeper.records, this.recheckAfterMs)) return image;
    return (await this.recheck(key, options)) ? this.find(key) : undefined;
  }

  /** A user for work of this process that it releases itself, and that is no more when the process is no more. */
  passingUser(): string {
    return `${PASSING}${this.session.id}.${randomUUID()}`;
  }

  /** Content with a use that is not there. */
  async release(key: string, user: string): Promise<void> {
    checkKey(key);
    await this.dropUses(key, (use) => use.user === user);
  }

  /**
   * Drops the uses of users that are no more, and of processes that are.
   * @param known all who still exist.
   * @param asOfMs clock time before `known` was asked for: later uses are not judged by it (IPF8).
   */
  async reconcileUses(known: ReadonlySet<string>, asOfMs: number): Promise<void> {
    const { layout, records } = this.keeper;
    const living = await this.keeper.locked(() => Session.living(layout));
    const isPassing = (user: string) =>
      user.startsWith(PASSING) && living.has(user.slice(PASSING.length).split('.')[0] ?? '');
    const keys = layout.entries('state').flatMap((file) => /^(.+)\.json$/.exec(file)?.[1] ?? []);
    for (const key of keys) {
      const isOver = ({ user, sinceMs }: { user: string; sinceMs: number }) =>
        sinceMs < asOfMs && !known.has(user) && !isUnreadable(user) && !isPassing(user);
      if (records.state(key).uses.some(isOver)) await this.dropUses(key, isOver);
    }
  }

  /** Remembers under which id a place has the image. */
  async setRegistration(key: string, place: string, id: string): Promise<void> {
    await this.changeRegistrations(key, place, [{ place, id, atMs: Date.now() }]);
  }

  /** The place does not have it any more. */
  async dropRegistration(key: string, place: string): Promise<void> {
    await this.changeRegistrations(key, place, []);
  }

  /** Looks whether the files of an image are what they were. @returns false where they are not: it is removed. */
  recheck(key: string, options: CheckOptions = {}): Promise<boolean> {
    checkKey(key);
    return recheck(this.keeper, key, options);
  }

  /**
   * Looks at the images whose check is due, so that who uses them next need not wait for it. Not at those in use: what
   * is found wrong is removed, and a running program may have written into a folder that it was handed.
   */
  async recheckDue(options: CheckOptions): Promise<void> {
    for (const { key, users } of this.list()) if (users.length === 0) await this.checked(key, options);
  }

  /**
   * Removes an image, or partial work on one; content where there is none.
   * @throws ReveilleError IMAGE_IN_USE naming its users, or where it is being fetched.
   */
  async remove(key: string, signal: AbortSignal): Promise<void> {
    checkKey(key);
    const victim = await this.keeper.locked(async () => {
      const image = this.keeper.records.image(key);
      if (image === undefined && !existsSync(this.keeper.layout.draft(key))) return undefined;
      if (image !== undefined && image.users.length > 0) {
        throw new ReveilleError('IMAGE_IN_USE', `${nameOf(image)} is used by ${image.users.join(', ')}`);
      }
      const claimed = await this.keeper.claim({ key });
      if (claimed === undefined)
        throw new ReveilleError('IMAGE_IN_USE', `${key} is being fetched or removed`);
      return claimed;
    });
    if (victim === undefined || (await this.keeper.evict(victim, signal))) return;
    throw new ReveilleError('IMAGE_IN_USE', `${key} could not be deregistered: see the worker's log`);
  }

  /** Removes all that nobody uses. */
  removeAll(signal: AbortSignal): Promise<Removal> {
    return removeAll(this.keeper, signal);
  }

  /** Removes what nobody uses and is old, then more while the disk has too little room (IP16, IP17). */
  collect(options: CollectOptions, signal: AbortSignal): Promise<Removal> {
    return collect(this.keeper, options, signal);
  }

  private addUse(key: string, user: string): StoredImage | 'evicting' | undefined {
    const { records } = this.keeper;
    if (records.image(key) === undefined) return undefined;
    if (records.isEvicting(key)) return 'evicting';
    const state = records.state(key);
    const now = Date.now();
    const others = state.uses.filter((use) => use.user !== user);
    records.save(key, { ...state, uses: [...others, { user, sinceMs: now }], lastUseMs: now });
    return records.image(key);
  }

  /** Who holds the lock of the key removes the image; if it died, or a place kept it, the image is there again. */
  private async waitForEviction(key: string, signal?: AbortSignal): Promise<void> {
    const lock = await FileLock.take(this.keeper.layout.keyLock(key), signal);
    try {
      await this.keeper.locked(() => this.keeper.records.setEvicting(key, false));
    } finally {
      lock.release();
    }
  }

  private dropUses(key: string, isOver: (use: { user: string; sinceMs: number }) => boolean): Promise<void> {
    return this.keeper.locked(() => {
      const { records } = this.keeper;
      const state = records.state(key);
      const uses = state.uses.filter((use) => !isOver(use));
      if (uses.length === state.uses.length) return;
      records.save(key, { ...state, uses, lastUseMs: Date.now() });
      if (records.image(key) === undefined) records.forget(key);
    });
  }

  private async changeRegistrations(key: string, place: string, added: Registration[]): Promise<void> {
    checkKey(key);
    await this.keeper.locked(() => {
      const { records } = this.keeper;
      const state = records.state(key);
      const registrations = [...state.registrations.filter((one) => one.place !== place), ...added];
      records.save(key, { ...state, registrations });
    });
  }
}
