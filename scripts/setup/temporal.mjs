import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { answers, cacheFolder, makeCached, onPath, platformName } from './cache.mjs';
import { runCommand, tail } from './command.mjs';
import { download } from './download.mjs';
import { Interrupted, SetupError } from './error.mjs';
import { checkGo } from './go.mjs';
import { announce, say } from './progress.mjs';

/** The last version that `go install` can build: later ones have a `replace` in their go.mod. */
const VERSION = '1.5.1';
const MODULE = `github.com/temporalio/cli/cmd/temporal@v${VERSION}`;
/** What the go.mod of that version asks for. */
const GO_NEEDED = '1.25';
const REMEDY = `Install the Temporal CLI (https://docs.temporal.io/cli) or Go ${GO_NEEDED} or newer (https://go.dev/dl), or set TEMPORAL_ADDRESS to a running cluster; then run the command again.`;

/**
 * Finds a Temporal binary that runs: REVEILLE_TEMPORAL, then PATH, then the cache; else downloads it, else
 * builds it into the cache.
 * @returns {Promise<string>} its absolute path
 * @throws {SetupError} TEMPORAL_MISSING
 */
export async function ensureTemporal({ env = process.env, signal, archiveUrl = officialArchive() } = {}) {
  const check = (file) => answers(file, ['--version'], signal);
  const found = await findTemporal({ env, signal });
  if (found !== undefined) return found;
  const cached = cachedTemporal(env);
  await makeCached(cached, {
    what: 'getting Temporal',
    check,
    signal,
    make: async (file, folder) => {
      const refusal = await downloadArchive(archiveUrl, file, folder, signal);
      if (refusal === undefined) return;
      say(`reveille: Temporal cannot be downloaded (${refusal}); it is built from source instead`);
      await build(file, folder, env, signal);
    },
  });
  return cached;
}

/** As `ensureTemporal`, without getting one where there is none. @returns {Promise<string | undefined>} */
export async function findTemporal({ env = process.env, signal } = {}) {
  if (env.REVEILLE_TEMPORAL) {
    if (await answers(env.REVEILLE_TEMPORAL, ['--version'], signal)) return env.REVEILLE_TEMPORAL;
    throw new SetupError(
      'TEMPORAL_MISSING',
      `REVEILLE_TEMPORAL names ${env.REVEILLE_TEMPORAL}, which does not run`,
      'Set REVEILLE_TEMPORAL to a Temporal binary of this platform, or unset it.',
    );
  }
  const installed = onPath('temporal', env);
  if (installed !== undefined) {
    if (await answers(installed, ['--version'], signal)) return installed;
    say(`reveille: ${installed} does not run; looking for another Temporal`);
  }
  const cached = cachedTemporal(env);
  return (await answers(cached, ['--version'], signal)) ? cached : undefined;
}

/** Where the cache has it, if it has. */
export const cachedTemporal = (env = process.env) =>
  join(cacheFolder(env), `temporal-${VERSION}-${platformName()}`, 'temporal');

function officialArchive() {
  const [platform, arch] = platformName().split('-');
  return `https://temporal.download/cli/archive/v${VERSION}?platform=${platform}&arch=${arch}`;
}

/** @returns {Promise<string | undefined>} why it did not work */
async function downloadArchive(url, file, folder, signal) {
  let far = '';
  const done = announce(`downloading Temporal ${VERSION} from ${new URL(url).host}`, () => far);
  const archive = join(folder, 'archive.tar.gz');
  try {
    await download(url, archive, {
      signal,
      onBytes: (received, total) => {
        far = `${megabytes(received)}${total ? ` of ${megabytes(total)}` : ''} MB`;
      },
    });
    const { code, output } = await runCommand('tar', ['-xzf', archive, '-C', folder, 'temporal'], { signal });
    if (code !== 0) return `the archive cannot be unpacked: ${tail(output, 1)}`;
    renameSync(join(folder, 'temporal'), file);
    done('Temporal downloaded');
    return undefined;
  } catch (error) {
    if (signal?.aborted) throw new Interrupted();
    return error.message;
  } finally {
    done();
  }
}

const megabytes = (bytes) => Math.round(bytes / 1e6);

async function build(file, folder, env, signal) {
  await checkGo({
    what: 'Temporal',
    needed: GO_NEEDED,
    code: 'TEMPORAL_MISSING',
    remedy: REMEDY,
    env,
    signal,
  });
  let packages = 0;
  const done = announce(
    `building Temporal ${VERSION} with Go (once; about 3 minutes on two cores)`,
    () => `${packages} packages`,
  );
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const { code, output } = await runCommand('go', ['install', '-v', '-ldflags', '-s -w', MODULE], {
    env: { ...env, GOBIN: bin, GOFLAGS: '-buildvcs=false' },
    cwd: folder,
    signal,
    onLine: () => packages++,
  }).finally(done);
  if (code !== 0) {
    throw new SetupError('TEMPORAL_MISSING', `go install ended with code ${code}:\n${tail(output)}`, REMEDY);
  }
  renameSync(join(bin, 'temporal'), file);
  done('Temporal built');
}
