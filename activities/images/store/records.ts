import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere } from '../../host/atomic.js';
import { writeDurably } from './disk.js';
import { isKey, type Layout } from './layout.js';
import {
  type Manifest,
  parseManifest,
  parseState,
  type Registration,
  type State,
  type StoredFile,
} from './manifest.js';

/** An image that is complete in the store. */
export interface StoredImage
  extends Pick<Manifest, 'key' | 'type' | 'digests' | 'guid' | 'url' | 'createdMs'> {
  /** What it takes up on the disk. */
  readonly bytes: number;
  /** `file` is its absolute path. */
  readonly files: readonly (StoredFile & { readonly file: string })[];
  readonly users: readonly string[];
  /** Somebody uses its files. Who is made from it elsewhere needs its registrations alone. */
  readonly isHeld: boolean;
  readonly lastUseMs: number;
  /** When its files were last seen to be right. */
  readonly checkedMs: number;
  readonly registrations: readonly Registration[];
}

/** An image that is gone from here, while places still have it. */
export type Stray = Pick<StoredImage, 'key' | 'lastUseMs' | 'registrations'>;

/** A state that cannot be read, so nobody knows who uses the image: it is spared. */
const UNREADABLE = 'unknown (its state cannot be read)';

/** What stands in the files of a store about images. To be changed under the store's lock only. */
export class Records {
  /** @param elsewhere who is made from an image where it is registered, by its key. */
  constructor(
    private readonly layout: Layout,
    private readonly elsewhere: (key: string) => readonly string[],
  ) {}

  /** @returns undefined where there is none, or none that can be understood. */
  image(key: string): StoredImage | undefined {
    const text = readIfThere(this.layout.manifest(key));
    const manifest = text === undefined ? undefined : parseManifest(text);
    if (manifest?.key !== key) return undefined;
    const { allocatedBytes: bytes, files, version: _, ...facts } = manifest;
    const { uses, lastUseMs, checkedMs, registrations } = this.state(key, manifest.createdMs);
    const folder = this.layout.files(key);
    return {
      ...facts,
      bytes,
      files: files.map((stored) => ({ ...stored, file: join(folder, stored.path) })),
      users: [...uses.map(({ user }) => user), ...this.elsewhere(key)],
      isHeld: uses.length > 0,
      lastUseMs,
      checkedMs,
      registrations,
    };
  }

  images(): StoredImage[] {
    return this.layout.entries('images').flatMap((key) => this.image(key) ?? []);
  }

  /** As where files had changed, and were never fetched again. Those that somebody counts on are none. */
  strays(): Stray[] {
    return this.layout.entries('state').flatMap((file) => {
      const key = /^(.+)\.json$/.exec(file)?.[1] ?? '';
      if (!isKey(key) || existsSync(this.layout.image(key)) || existsSync(this.layout.draft(key))) return [];
      const { uses, lastUseMs, registrations } = this.state(key);
      const isUsed = uses.length > 0 || this.isUsedElsewhere(key);
      return !isUsed && registrations.length > 0 ? [{ key, lastUseMs, registrations }] : [];
    });
  }

  /** Its registrations stay, whatever becomes of its files. */
  isUsedElsewhere(key: string): boolean {
    return this.elsewhere(key).length > 0;
  }

  /** @param createdMs of the image, for the first state. */
  state(key: string, createdMs = 0): State {
    const text = readIfThere(this.layout.state(key));
    const fresh: State = {
      version: 1,
      uses: [],
      lastUseMs: createdMs,
      checkedMs: createdMs,
      registrations: [],
    };
    if (text === undefined) return fresh;
    return parseState(text) ?? { ...fresh, checkedMs: 0, uses: [{ user: UNREADABLE, sinceMs: 0 }] };
  }

  save(key: string, state: State): void {
    writeDurably(this.layout.state(key), JSON.stringify(state));
  }

  isEvicting(key: string): boolean {
    return existsSync(this.layout.evicting(key));
  }

  /** That somebody, who holds the lock of the key, is about to remove an image; or not any more. */
  setEvicting(key: string, is: boolean): void {
    if (is) closeSync(openSync(this.layout.evicting(key), 'a', 0o600));
    else rmSync(this.layout.evicting(key), { force: true });
  }

  /** Forgets about an image that is gone, unless somebody still counts on it, or a place still has it. */
  forget(key: string): void {
    const { uses, registrations } = this.state(key);
    if (uses.length === 0 && registrations.length === 0) rmSync(this.layout.state(key), { force: true });
  }

  /** Forgets about an image that is gone from here and from all places. */
  drop(key: string): void {
    const state = this.state(key);
    if (state.uses.length > 0) this.save(key, { ...state, registrations: [] });
    else rmSync(this.layout.state(key), { force: true });
    this.setEvicting(key, false);
  }

  /** From when on a process of this store has ended without closing it: what was checked before is in doubt. */
  get suspectMs(): number {
    return Number(readIfThere(this.layout.suspect) ?? 0) || 0;
  }

  markSuspect(nowMs: number): void {
    writeDurably(this.layout.suspect, String(nowMs));
  }
}

/** Whether a use stands for one that nobody can name any more. */
export const isUnreadable = (user: string): boolean => user === UNREADABLE;
