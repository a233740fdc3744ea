import { execFile } from 'node:child_process';
import { existsSync, linkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SettingsOf } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import { hasCode, readIfThere, replaceFile, scratchFile } from '../../host/atomic.js';
import type { Home } from '../../host/groups/home.js';
import { fileOf, type HandedImages } from '../../images/handed.js';

type Disk = NonNullable<SettingsOf<'qemu'>['disk']>;

export interface DiskFile {
  /** Absolute. */
  readonly file: string;
  readonly format: Disk['format'];
}

const OVERLAY = 'disk.qcow2';
const NOTE = 'disk.json';

/**
 * The file that the machine writes to. An overlay is made once and kept until it is deleted.
 * @param from the folder where the image's path starts from, and images that were fetched.
 * @throws ReveilleError BOOT_FAILED where the image is missing, or is no longer what the overlay was made on.
 */
export async function prepareDisk(
  disk: Disk,
  from: { folder: string; images: HandedImages | undefined },
  home: Home,
  signal: AbortSignal,
): Promise<DiskFile> {
  const image = fileOf(disk.image, 'disk', from);
  const key = typeof disk.image === 'string' ? undefined : from.images?.get('disk')?.key;
  const now = imageState(image, key);
  if (!disk.overlay) return { file: image, format: disk.format };
  const file = join(home.folder, OVERLAY);
  if (existsSync(file)) checkBase(now, home);
  else await makeOverlay(disk, image, now, home, signal);
  return { file, format: 'qcow2' };
}

/** What tells that an image was replaced or written to: of one that was fetched, what it is, however often it was. */
function imageState(image: string, key: string | undefined): string {
  const stat = statSync(image, { throwIfNoEntry: false });
  if (!stat?.isFile()) throw new ReveilleError('BOOT_FAILED', `the disk image ${image} does not exist`);
  if (key !== undefined) return JSON.stringify({ image, key });
  return JSON.stringify({ image, size: stat.size, mtimeMs: stat.mtimeMs });
}

/** An overlay holds blocks of differences: on another base they make a broken disk. */
function checkBase(now: string, home: Home): void {
  if (readIfThere(join(home.folder, NOTE)) === now) return;
  const message =
    `the disk image has changed since ${home.name} wrote its own disk on top of it: ` +
    `put it back, or remove that disk with reveille delete ${home.name} --yes`;
  throw new ReveilleError('BOOT_FAILED', message);
}

/** Of several workers at once, one links its overlay. */
async function makeOverlay(
  { format, size }: Disk,
  image: string,
  state: string,
  home: Home,
  signal: AbortSignal,
): Promise<void> {
  const unfinished = scratchFile(home.claims.scratch);
  const words = ['create', '-q', '-f', 'qcow2', '-b', image, '-F', format, unfinished];
  try {
    await promisify(execFile)('qemu-img', size === undefined ? words : [...words, String(size)], { signal });
    replaceFile(join(home.folder, NOTE), state, home.claims.scratch);
    linkSync(unfinished, join(home.folder, OVERLAY));
  } catch (cause) {
    if (hasCode(cause, 'EEXIST')) return;
    signal.throwIfAborted();
    const why = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : String(cause);
    throw new ReveilleError('BOOT_FAILED', `no overlay could be made on ${image}: ${why}`, { cause });
  } finally {
    rmSync(unfinished, { force: true });
  }
}
