import { join } from 'node:path';
import { answers, cacheFolder, makeCached, onPath, platformName } from './cache.mjs';
import { runCommand, tail } from './command.mjs';
import { SetupError } from './error.mjs';
import { checkGo } from './go.mjs';
import { announce } from './progress.mjs';

/** The one that infra/package.json has the library of. */
const VERSION = '3.245.0';
const MODULE = 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi';
/** A `replace` in Pulumi's own go.mod, which counts for nobody else's build. */
const REPLACED =
  'github.com/atotto/clipboard=github.com/tgummerer/clipboard@v0.0.0-20241001131231-d02d263e614e';
/** What the go.mod of that version asks for. */
const GO_NEEDED = '1.25';
const REMEDY = `Install the Pulumi CLI (https://www.pulumi.com/docs/install) or Go ${GO_NEEDED} or newer (https://go.dev/dl), and run the command again. All other providers work without it.`;

/**
 * Finds a Pulumi command line that runs: REVEILLE_PULUMI, then PATH, then the cache.
 * @returns {Promise<string | undefined>} its absolute path
 */
export async function findPulumi({ env = process.env, signal } = {}) {
  const places = [env.REVEILLE_PULUMI, onPath('pulumi', env), cachedPulumi(env)];
  for (const file of places) if (file && (await runs(file, signal))) return file;
  return undefined;
}

/** As `findPulumi`; where there is none, builds one into the cache. @throws {SetupError} PULUMI_MISSING */
export async function ensurePulumi({ env = process.env, signal } = {}) {
  const found = await findPulumi({ env, signal });
  if (found !== undefined) return found;
  const cached = cachedPulumi(env);
  await makeCached(cached, {
    what: 'building the Pulumi CLI',
    signal,
    check: (file) => runs(file, signal),
    make: (file, folder) => build(file, folder, env, signal),
  });
  return cached;
}

/** Where the cache has it, if it has. */
export const cachedPulumi = (env = process.env) =>
  join(cacheFolder(env), `pulumi-${VERSION}-${platformName()}`, 'pulumi');

const runs = (file, signal) => answers(file, ['version'], signal);

async function build(file, folder, env, signal) {
  await checkGo({
    what: 'the Pulumi CLI',
    needed: GO_NEEDED,
    code: 'PULUMI_MISSING',
    remedy: REMEDY,
    env,
    signal,
  });
  const done = announce(`building the Pulumi CLI ${VERSION} with Go (once; about 4 minutes on two cores)`);
  const go = async (...args) => {
    const { code, output } = await runCommand('go', args, {
      cwd: folder,
      env: { ...env, GOFLAGS: '-buildvcs=false' },
      signal,
    });
    if (code === 0) return;
    throw new SetupError('PULUMI_MISSING', `go ${args[0]} ended with code ${code}:\n${tail(output)}`, REMEDY);
  };
  const version = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${VERSION}`;
  try {
    await go('mod', 'init', 'tools');
    await go('mod', 'edit', '-replace', REPLACED);
    await go('get', '-tool', `${MODULE}@v${VERSION}`);
    await go('build', '-ldflags', `-s -w ${version}`, '-o', file, MODULE);
    done('Pulumi CLI built');
  } finally {
    done();
  }
}
