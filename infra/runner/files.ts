import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** Replaces a file: readers see the old or the new, whole. */
export function writeJson(file: string, value: unknown): void {
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(value), { mode: 0o600 });
  renameSync(temporary, file);
}

/** @returns undefined where there is none, or none that can be read. */
export function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

export const remove = (file: string): void => rmSync(file, { recursive: true, force: true });
