import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand, tail } from './command.mjs';
import { SetupError } from './error.mjs';
import { withLock } from './lock.mjs';
import { announce } from './progress.mjs';

/**
 * Sees to it that node_modules is what package-lock.json says.
 * @param {{root: string, signal?: AbortSignal}} options root: the folder of package.json
 * @throws {SetupError}
 */
export async function ensureDependencies({ root, signal }) {
  if (isInstalled(root)) return;
  await withLock(join(root, '.reveille/setup.lock'), { signal, what: 'set-up' }, async () => {
    if (!isInstalled(root)) await install(root, signal);
  });
}

async function install(root, signal) {
  const done = announce("installing the npm packages of package-lock.json ('npm ci', about half a minute)");
  // First the stamp goes, last it comes: whatever happens in between, the next run installs again.
  rmSync(stampFile(root), { force: true });
  const { code, output } = await runCommand('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    signal,
  }).finally(done);
  if (code !== 0) {
    throw new SetupError(
      'SETUP_FAILED',
      `npm ci ended with code ${code}:\n${tail(output)}`,
      code === 127
        ? 'Install npm (it comes with Node) and run the command again.'
        : 'See the lines of npm above (network, disk space, permissions), then run the command again.',
    );
  }
  writeFileSync(stampFile(root), lockHash(root));
  done('npm packages installed');
}

const stampFile = (root) => join(root, 'node_modules/.reveille-stamp');
const lockHash = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

function isInstalled(root) {
  const folder = join(root, 'node_modules');
  // A linked node_modules belongs to another working copy, which sees to it.
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) return existsSync(folder);
  const { dependencies = {}, devDependencies = {} } = readJson(join(root, 'package.json')) ?? {};
  const direct = Object.keys({ ...dependencies, ...devDependencies });
  if (!direct.every((name) => existsSync(join(folder, name, 'package.json')))) return false;
  if (existsSync(stampFile(root))) return readFileSync(stampFile(root), 'utf8') === lockHash(root);
  if (!installedByHand(root)) return false;
  writeFileSync(stampFile(root), lockHash(root));
  return true;
}

/** Whether `npm ci` was run by hand: npm writes what it installed, as the last thing it does. */
function installedByHand(root) {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages ?? {};
  const found = readJson(join(root, 'node_modules/.package-lock.json'))?.packages;
  if (found === undefined) return false;
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional === true || found[path]?.version === entry.version,
  );
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
