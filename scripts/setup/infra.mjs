import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand, tail } from './command.mjs';
import { SetupError } from './error.mjs';
import { withLock } from './lock.mjs';
import { announce } from './progress.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Those whose templates need a package of their own, by the template's first word. */
const CLOUD_OF = { aws: 'aws', eucalyptus: 'aws', gcp: 'gcp' };
const REMEDY =
  'See the lines above (network, disk space, permissions), then run `node scripts/infra.mjs` again.';

/** The clouds that templates need. @param {string[]} templates @returns {string[]} */
export function cloudsOf(templates) {
  const clouds = templates.map((name) => CLOUD_OF[name.split('-')[0]]).filter((cloud) => cloud !== undefined);
  return [...new Set(clouds)].sort();
}

/**
 * Sees to it that infra/ has its npm packages, those of the named clouds included, and is compiled. Needs the build of
 * the rest. What was there for other clouds stays.
 * @param {{clouds: string[], root?: string, signal?: AbortSignal}} options
 * @throws {SetupError} PULUMI_MISSING
 */
export async function ensureInfra({ clouds, root = ROOT, signal }) {
  if (isInfraReady({ clouds, root })) return;
  await withLock(join(root, '.reveille/setup.lock'), { signal, what: 'set-up' }, async () => {
    const all = [...new Set([...clouds, ...installed(root)])].sort();
    if (!isInstalled(root, clouds)) await install(root, all, signal);
    if (!isCompiled(root)) await compile(root, all, signal);
  });
}

/** Whether `ensureInfra` has nothing to do. */
export const isInfraReady = ({ clouds, root = ROOT }) => isInstalled(root, clouds) && isCompiled(root);

/** What runs an operation of Pulumi. */
export const infraRunner = (root = ROOT) => join(root, 'infra/dist/runner/main.js');

const stampFile = (root) => join(root, 'infra/node_modules/.reveille-stamp');
const compiledFile = (root) => join(root, 'infra/dist/.reveille-stamp');
const readText = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');
const lockHash = (root) =>
  createHash('sha256')
    .update(readText(join(root, 'infra/package-lock.json')))
    .digest('hex');

/** The clouds whose packages are there, of today's lock. */
function installed(root) {
  const [hash, clouds = ''] = readText(stampFile(root)).split(' ');
  return hash === lockHash(root) ? clouds.split(',').filter(Boolean) : [];
}

function isInstalled(root, clouds) {
  const there = installed(root);
  return (
    readText(stampFile(root)).startsWith(lockHash(root)) && clouds.every((cloud) => there.includes(cloud))
  );
}

async function install(root, clouds, signal) {
  const which = clouds.length === 0 ? '' : `, with ${clouds.join(' and ')}`;
  const done = announce(`installing the npm packages of infra/${which} (about half a minute)`);
  rmSync(stampFile(root), { force: true });
  rmSync(compiledFile(root), { force: true });
  const some =
    clouds.length === 0
      ? ['--workspaces=false']
      : [...clouds.flatMap((cloud) => ['--workspace', cloud]), '--include-workspace-root'];
  const { code, output } = await runCommand(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', ...some],
    {
      cwd: join(root, 'infra'),
      signal,
    },
  ).finally(done);
  if (code !== 0)
    throw new SetupError('PULUMI_MISSING', `npm ci ended with code ${code}:\n${tail(output)}`, REMEDY);
  writeFileSync(stampFile(root), `${lockHash(root)} ${clouds.join(',')}`);
  done('npm packages of infra/ installed');
}

async function compile(root, clouds, signal) {
  const done = announce('compiling infra/ (a few seconds)');
  rmSync(compiledFile(root), { force: true });
  const tsc = join(root, 'node_modules/.bin/tsc');
  try {
    for (const project of ['tsconfig.json', ...clouds.map((cloud) => `tsconfig.${cloud}.json`)]) {
      const { code, output } = await runCommand(tsc, ['-p', join(root, 'infra', project)], {
        cwd: root,
        signal,
      });
      if (code !== 0)
        throw new SetupError(
          'PULUMI_MISSING',
          `the build of infra/ ended with code ${code}:\n${tail(output, 40)}`,
          REMEDY,
        );
    }
  } finally {
    done();
  }
  writeFileSync(compiledFile(root), sources(root));
  done('infra/ compiled');
}

const isCompiled = (root) => existsSync(infraRunner(root)) && readText(compiledFile(root)) === sources(root);

/** Of the contents, since they are few; a checkout that brings back what was there changes nothing. */
function sources(root) {
  const hash = createHash('sha256');
  const files = ['runner', 'templates', 'deploy']
    .map((folder) => join('infra', folder))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true })
        .filter((name) => /\.c?ts$/.test(name))
        .map((name) => join(folder, name)),
    );
  for (const file of files.sort()) hash.update(`${file}\n${readFileSync(join(root, file), 'utf8')}\n`);
  return hash.digest('hex');
}
