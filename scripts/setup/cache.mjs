import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { runCommand } from './command.mjs';
import { withLock } from './lock.mjs';

const CHECK_TIMEOUT_MS = 20_000;

/** The user's cache folder of Reveille: programs that set-up downloaded or built. */
export function cacheFolder(env = process.env) {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'reveille');
}

/** Such as linux-amd64, in the words that Go uses. */
export function platformName() {
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch] ?? process.arch;
  return `${process.platform}-${arch}`;
}

/** @returns {string | undefined} the absolute path of an executable on PATH */
export function onPath(name, env = process.env) {
  return (env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find((file) => {
      const stat = statSync(file, { throwIfNoEntry: false });
      return stat?.isFile() && (stat.mode & 0o111) !== 0;
    });
}

/** Whether a program answers with code 0 to the arguments that ask for its version. */
export async function answers(file, args, signal) {
  if (!statSync(file, { throwIfNoEntry: false })?.size) return false;
  const { code } = await runCommand(file, args, { signal, timeoutMs: CHECK_TIMEOUT_MS });
  return code === 0;
}

/**
 * Puts a program into the cache: made in a folder beside its place, checked there, and moved in one step, so
 * that at its place there is a whole one or none. One process at a time does it.
 * @param {string} file where it shall be
 * @param {{what: string, check: (file: string) => Promise<boolean>, make: (file: string, folder: string) => Promise<void>, signal?: AbortSignal}} options
 *   make: puts the program at `file`, inside `folder`, which is thrown away afterwards
 */
export async function makeCached(file, { what, check, make, signal }) {
  const home = dirname(file);
  mkdirSync(home, { recursive: true });
  await withLock(`${home}.lock`, { signal, what }, async () => {
    if (await check(file)) return;
    // Left over from a set-up that was killed: only the holder of the lock makes such folders.
    for (const name of readdirSync(home)) {
      if (name.startsWith('.making-')) rmSync(join(home, name), { recursive: true, force: true });
    }
    const folder = mkdtempSync(join(home, '.making-'));
    try {
      const made = join(folder, 'made');
      await make(made, folder);
      chmodSync(made, 0o755);
      if (!(await check(made))) throw new Error(`${what}: what was made does not run`);
      renameSync(made, file);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
