import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere, replaceFile } from '../host/atomic.js';
import type { HeldFile } from './fetch/index.js';
import type { ImageStore } from './store/store.js';

/**
 * The torrents of images that came by BitTorrent and are kept as they came: those can be given to others. `KEY.torrent`
 * describes one, `KEY.name` says which of its files is held, `KEY.seed` that it is to be given whatever the rest is.
 */
export class HeldTorrents {
  constructor(private readonly folder: string) {}

  /** @param name of several files in the torrent, the one that is held. */
  keep(key: string, torrentFile: string, name: string): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    if (name !== '') replaceFile(this.file(key, 'name'), name, this.folder);
    copyFileSync(torrentFile, this.file(key, 'torrent'));
  }

  has(key: string): boolean {
    return existsSync(this.file(key, 'torrent'));
  }

  /** Whether that one is given to others though not all are. */
  mark(key: string, isWanted: boolean): void {
    if (isWanted) replaceFile(this.file(key, 'seed'), '', this.folder);
    else rmSync(this.file(key, 'seed'), { force: true });
  }

  /** What is to be given, of what the store has. What it has no more is forgotten. @param all not the marked alone. */
  wanted(store: ImageStore, all: boolean): HeldFile[] {
    return this.keys().flatMap((key) => {
      const [file] = store.find(key)?.files ?? [];
      if (file === undefined) {
        for (const end of ['torrent', 'name', 'seed']) rmSync(this.file(key, end), { force: true });
        return [];
      }
      if (!all && !existsSync(this.file(key, 'seed'))) return [];
      const name = readIfThere(this.file(key, 'name'));
      const held = { torrentFile: this.file(key, 'torrent'), file: file.file };
      return [name === undefined ? held : { ...held, name }];
    });
  }

  private keys(): string[] {
    if (!existsSync(this.folder)) return [];
    return readdirSync(this.folder).flatMap((entry) => /^([0-9a-f]{64})\.torrent$/.exec(entry)?.[1] ?? []);
  }

  private file(key: string, end: string): string {
    return join(this.folder, `${key}.${end}`);
  }
}
