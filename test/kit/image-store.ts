import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { StoredImage } from '../../activities/images/store/records.js';
import { ImageStore, type ImageStoreOptions } from '../../activities/images/store/store.js';
import { silentLog } from './silent-log.js';

export const MB = 1e6;
export const NEVER: AbortSignal = new AbortController().signal;

/** A folder that goes with its test. */
export function testFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-images-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A store of the test's own, or of one more process of the same folder. */
export function openStore(directory: string, options: Partial<ImageStoreOptions> = {}): Promise<ImageStore> {
  return ImageStore.open({ directory, budgetBytes: 100 * MB, log: silentLog, ...options });
}

/** A key as a digest is one. */
export const keyOf = (name: string): string => createHash('sha256').update(name).digest('hex');

/** Fetches, as it were, an image of so many random bytes. */
export async function addImage(
  store: ImageStore,
  key: string,
  bytes: number,
  users: readonly string[] = [],
): Promise<StoredImage> {
  const draft = await store.begin(key);
  if (draft === undefined) throw new Error(`${key} is there already`);
  try {
    await draft.reserve(bytes);
    writeFileSync(join(draft.files, 'disk'), randomBytes(bytes));
    return await draft.commit({ type: 'raw', digests: {}, files: [{ path: 'disk', type: 'raw' }] }, users);
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

/** What a folder takes up on the disk, as du(1) says. */
export const diskUsage = (folder: string): number =>
  Number(execFileSync('du', ['-s', '-B1', folder], { encoding: 'utf8' }).split('\t')[0]);
