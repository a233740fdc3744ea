import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand, tail } from './command.mjs';
import { SetupError } from './error.mjs';
import { withLock } from './lock.mjs';
import { announce } from './progress.mjs';

const SINGLE_SOURCES = ['tsconfig.json', 'package-lock.json', 'scripts/build.mjs'];

/**
 * Compiles where a source has another size or time than at the last build that succeeded.
 * @param {{root: string, signal?: AbortSignal}} options
 * @throws {SetupError} with the compiler's errors
 */
export async function ensureBuild({ root, signal }) {
  if (isBuilt(root)) return;
  await withLock(join(root, '.reveille/setup.lock'), { signal, what: 'set-up' }, async () => {
    if (!isBuilt(root)) await build(root, signal);
  });
}

async function build(root, signal) {
  const done = announce('compiling TypeScript into dist/ (a few seconds)');
  const sources = fingerprint(root);
  const stamp = stampFile(root);
  // A build that was cut off may have recorded more than it wrote: then the compiler starts from nothing.
  if (!existsSync(stamp)) rmSync(join(root, 'dist/.tsbuildinfo'), { force: true });
  rmSync(stamp, { force: true });
  const script = join(root, 'scripts/build.mjs');
  const { code, output } = await runCommand(process.execPath, [script], { cwd: root, signal }).finally(done);
  if (code !== 0) {
    throw new SetupError(
      'SETUP_FAILED',
      `the build ended with code ${code}:\n${tail(output, 40)}`,
      'Mend what the compiler names, and run the command again.',
    );
  }
  writeFileSync(stamp, sources);
  done('compiled');
}

const stampFile = (root) => join(root, 'dist/.build-stamp');

function isBuilt(root) {
  const stamp = stampFile(root);
  return (
    existsSync(join(root, 'dist/cli/main.js')) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === fingerprint(root)
  );
}

/** Path, size and time of each source. Contents are not read: this runs before every start. */
function fingerprint(root) {
  const hash = createHash('sha256');
  const { include } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  const files = include
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true })
        .filter((name) => /\.(ts|html|css)$/.test(name))
        .map((name) => join(folder, name)),
    );
  for (const file of [...files.sort(), ...SINGLE_SOURCES]) {
    const { size, mtimeMs } = statSync(join(root, file));
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}
