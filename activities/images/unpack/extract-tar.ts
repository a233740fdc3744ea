import { link, lstat, mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { badArchive, unsafe } from './faults.js';
import type { Meter } from './limits.js';
import { type Room, SparseFile } from './sparse-file.js';
import { insidePath, shown, type TarEntry } from './tar.js';

/** A folder or a link takes up at most so much. */
const ENTRY_BYTES = 4096;

/**
 * Makes the entries of an archive below a folder that nobody else writes to, and nothing outside of it. Owners, times,
 * and set-user-id bits are not taken over; devices and pipes are refused. A name that comes twice is, for files and
 * links, what came last.
 */
export class TarExtraction {
  /** Folders that are known to be folders: they are never replaced. */
  private readonly folders = new Set<string>(['']);
  /** Other names, as the archive writes them. */
  private readonly names = new Set<string>();

  private constructor(
    private readonly root: string,
    private readonly room: Room,
    private readonly meter: Meter,
  ) {}

  /** @param root is made. */
  static async begin(root: string, room: Room, meter: Meter): Promise<TarExtraction> {
    await mkdir(root, { mode: 0o700 });
    return new TarExtraction(root, room, meter);
  }

  /** @throws ReveilleError IMAGE_ARCHIVE_UNSAFE, IMAGE_ARCHIVE_INVALID, IMAGE_NO_SPACE, IMAGE_UNPACKS_TOO_LARGE. */
  async add(entry: TarEntry): Promise<void> {
    const { path, header } = entry;
    await this.room.take(ENTRY_BYTES);
    if (header.type === 'directory') return await this.makeFolder(path);
    if (path === '') throw badArchive('an entry of the archive has no name');
    await this.makeFolder(parentOf(path));
    await this.clear(path);
    await this.make(entry);
    this.names.add(path);
  }

  private async make({ path, target, header, content }: TarEntry): Promise<void> {
    const file = join(this.root, path);
    switch (header.type) {
      case 'file':
      case 'contiguous-file':
        return await this.writeFile(file, content, header.mode ?? 0o644);
      case 'symlink':
        return await symlink(this.linkTarget(path, target), file);
      case 'link':
        return await this.hardLink(insidePath(target), file);
      default:
        throw unsafe(`the archive has ${shown(path)}, which is no file, folder or link (${header.type})`);
    }
  }

  private async writeFile(file: string, content: AsyncIterable<Buffer>, mode: number): Promise<void> {
    const written = await SparseFile.create(file, this.room, this.meter);
    try {
      for await (const chunk of content) await written.write(chunk);
      await written.end((mode & 0o777) | 0o600);
    } finally {
      await written.close();
    }
  }

  /** To a file that this archive has made, never to or through a link of it. */
  private async hardLink(target: string, file: string): Promise<void> {
    const isPlain =
      this.names.has(target) &&
      this.folders.has(parentOf(target)) &&
      (await lstat(join(this.root, target))).isFile();
    if (!isPlain) throw unsafe(`the archive has a hard link to ${shown(target)}, which is no file of it`);
    await link(join(this.root, target), file);
  }

  /** One from the root means the folder itself, as for who has it for his root; none leads out of it. */
  private linkTarget(path: string, target: string): string {
    const from = parentOf(path);
    const isAbsolute = target.startsWith('/');
    const inside = isAbsolute ? posix.normalize(`.${target}`) : posix.normalize(posix.join(from, target));
    if (target === '' || target.includes('\0') || inside === '..' || inside.startsWith('../')) {
      throw unsafe(`the archive has a link that leads out of it: ${shown(path)} to ${shown(target)}`);
    }
    return isAbsolute ? posix.relative(`/${from}`, `/${inside}`) || '.' : target;
  }

  /** @throws ReveilleError IMAGE_ARCHIVE_UNSAFE where a part of the path is a link. */
  private async makeFolder(path: string): Promise<void> {
    if (this.folders.has(path)) return;
    await this.makeFolder(parentOf(path));
    if (this.names.has(path)) throw unsafe(`the archive writes through ${shown(path)}, which is no folder`);
    await this.room.take(ENTRY_BYTES);
    await mkdir(join(this.root, path), { mode: 0o755 }).catch((error: unknown) => {
      throw this.clash(path, error);
    });
    this.folders.add(path);
  }

  /** Makes way for a name that comes again. */
  private async clear(path: string): Promise<void> {
    if (this.folders.has(path))
      throw unsafe(`the archive has ${shown(path)} both as a folder and as another thing`);
    if (this.names.has(path)) return await rm(join(this.root, path));
    const there = await lstat(join(this.root, path)).catch(() => undefined);
    if (there !== undefined) throw this.clash(path, undefined);
  }

  /** On a file system that does not tell the one from the other. */
  private clash(path: string, error: unknown): unknown {
    if (error !== undefined && !(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      return error;
    }
    return unsafe(`the archive has ${shown(path)} twice, in upper and lower case`);
  }
}

const parentOf = (path: string): string => {
  const parent = dirname(path);
  return parent === '.' ? '' : parent;
};
