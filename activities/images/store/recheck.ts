import { existsSync } from 'node:fs';
import { hasCode } from '../../host/atomic.js';
import type { ImageProgress } from '../contract.js';
import { nameOf } from './account.js';
import { digestOf } from './digest.js';
import { moveDurably } from './disk.js';
import { FileLock } from './file-lock.js';
import type { Keeper } from './keeper.js';
import type { Records, StoredImage } from './records.js';

export interface CheckOptions {
  signal?: AbortSignal;
  progress?: (progress: ImageProgress) => void;
}

/** Whether an image's files are to be looked at before it is used. */
export const isDue = ({ checkedMs }: StoredImage, records: Records, recheckAfterMs: number): boolean =>
  checkedMs <= records.suspectMs || Date.now() - checkedMs > recheckAfterMs;

/**
 * Reads all files of an image and compares them with its manifest.
 * @returns false where they differ, or there is no such image: it is removed, its users are kept for the next fetch.
 */
export async function recheck(keeper: Keeper, key: string, options: CheckOptions): Promise<boolean> {
  const asked = Date.now();
  const lock = await FileLock.take(keeper.layout.keyLock(key), options.signal);
  try {
    const image = keeper.records.image(key);
    if (image === undefined) return false;
    // Somebody else has looked while this one waited.
    if (image.checkedMs > asked) return true;
    const wrong = await firstWrong(image, options);
    await keeper.locked(() => {
      const state = keeper.records.state(key);
      if (wrong === undefined) {
        keeper.records.save(key, { ...state, checkedMs: Date.now() });
      } else if (existsSync(keeper.layout.image(key))) {
        moveDurably(keeper.layout.image(key), keeper.layout.newAside());
        keeper.records.forget(key);
      }
    });
    if (wrong === undefined) return true;
    keeper.options.log.error({ image: nameOf(image), file: wrong }, 'a stored image has changed: removed');
    await keeper.emptyAside();
    return false;
  } finally {
    lock.release();
  }
}

async function firstWrong(image: StoredImage, options: CheckOptions): Promise<string | undefined> {
  const total = image.files.reduce((sum, { bytes }) => sum + bytes, 0);
  let read = 0;
  const onBytes = (bytes: number) => {
    read += bytes;
    options.progress?.({ step: 'checking', bytes: read, total });
  };
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  for (const { file, path, sha256 } of image.files) {
    try {
      if ((await digestOf(file, { ...signal, onBytes })).sha256 !== sha256) return path;
    } catch (error) {
      // Not there, or the disk cannot read it any more. Anything else says nothing about the image.
      if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EIO')) throw error;
      return path;
    }
  }
  return undefined;
}
