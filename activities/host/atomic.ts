import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Small files that decide things between processes which may stop anywhere. Synchronous on purpose: they cost
 * microseconds, and what is looked at and what is done about it stay in one turn of the event loop.
 */

/**
 * Creates a file with its content, or not at all: of several at once, by any process, one succeeds.
 * @param scratch folder on the same file system.
 * @returns whether this call created it.
 */
export function createOnce(file: string, content: string, scratch: string): boolean {
  const temporary = scratchFile(scratch);
  writeFileSync(temporary, content, { mode: 0o600 });
  try {
    linkSync(temporary, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Replaces a file: readers see the old or the new, whole. */
export function replaceFile(file: string, content: string, scratch: string): void {
  const temporary = scratchFile(scratch);
  writeFileSync(temporary, content, { mode: 0o600 });
  renameSync(temporary, file);
}

/** The text of a file, or undefined where there is none. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** A name that nobody used before: a used one could still be linked to a claim. */
export const scratchFile = (scratch: string): string => join(scratch, randomUUID());

export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** Whether the name of a resource can be a folder's. */
export const isFolderName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name);
