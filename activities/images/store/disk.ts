import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { lstat, open, readdir, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode } from '../../host/atomic.js';

/** st_blocks counts these, whatever the file system's own blocks are: stat(2). */
const BLOCK_BYTES = 512;

/** What a file, or a folder with all in it, takes up on the disk: holes count nothing. Gone meanwhile: 0. */
export async function allocatedBytes(path: string, seen = new Set<number>()): Promise<number> {
  const stat = await lstat(path).catch(absent);
  if (stat === undefined) return 0;
  // By another name, or moved on meanwhile.
  if (seen.has(stat.ino)) return 0;
  seen.add(stat.ino);
  let bytes = stat.blocks * BLOCK_BYTES;
  if (!stat.isDirectory()) return bytes;
  for (const entry of (await readdir(path).catch(absent)) ?? []) {
    bytes += await allocatedBytes(join(path, entry), seen);
  }
  return bytes;
}

/** What the file system of this folder has left for us. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Removes a folder with all in it; content where there is none, or somebody else is at it. */
export async function removeTree(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Sees to it that a file or folder, with all in it, is on the disk. */
export async function syncTree(path: string): Promise<void> {
  const stat = await lstat(path);
  if (!stat.isFile() && !stat.isDirectory()) return;
  if (stat.isDirectory()) for (const entry of await readdir(path)) await syncTree(join(path, entry));
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** As after a rename: that an entry of the folder came or went is on the disk. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Moves a folder, and makes that last. */
export function moveDurably(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
  syncFolder(dirname(from));
}

/** Writes a small file: after a crash, of the host even, the old or the new is there, whole. */
export function writeDurably(file: string, text: string): void {
  // One name is enough: whoever writes here holds the lock of the store, or of the draft.
  const unfinished = `${file}.new`;
  const descriptor = openSync(unfinished, 'w', 0o600);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(unfinished, file);
  syncFolder(dirname(file));
}

function absent(error: unknown): undefined {
  if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
  throw error;
}
