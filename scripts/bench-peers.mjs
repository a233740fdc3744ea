// The proxies that `npm run bench -- warm` compares with and that a package registry has: where they are, and how
// they are got. They live in the cache and are no dependencies of Reveille. nginx and haproxy come from the system.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answers, cacheFolder, makeCached, onPath, platformName } from './setup/cache.mjs';
import { runCommand, tail } from './setup/command.mjs';
import { withLock } from './setup/lock.mjs';
import { announce } from './setup/progress.mjs';

const CADDY = '2.11.9';
const PACKAGES = {
  'configurable-http-proxy': '5.3.0',
  express: '5.3.0',
  'http-proxy': '1.18.1',
};

const caddyFile = () => join(cacheFolder(), `caddy-${CADDY}-${platformName()}`, 'caddy');
const npmFolder = () => join(cacheFolder(), 'bench-npm');

/** @returns {string | undefined} the path of Caddy */
export function findCaddy() {
  return onPath('caddy') ?? (existsSync(caddyFile()) ? caddyFile() : undefined);
}

/** @returns {string | undefined} a folder in whose node_modules the package is */
export function findPackage(name) {
  return existsSync(join(npmFolder(), 'node_modules', name)) ? npmFolder() : undefined;
}

/** Gets them all. @param {AbortSignal} [signal] */
export async function installPeers(signal) {
  await makeCached(caddyFile(), {
    what: 'building Caddy',
    signal,
    check: (file) => answers(file, ['version'], signal),
    make: (file, folder) => makeCaddy(file, folder, signal),
  });
  await withLock(`${npmFolder()}.lock`, { what: 'installing peers', signal }, () => installPackages(signal));
}

async function makeCaddy(file, folder, signal) {
  const done = announce(`building Caddy ${CADDY} (once; some minutes)`);
  const env = { ...process.env, GOBIN: folder, GOFLAGS: '-buildvcs=false' };
  const module = `github.com/caddyserver/caddy/v2/cmd/caddy@v${CADDY}`;
  try {
    await must('go', ['install', '-ldflags', '-s -w', module], { cwd: folder, env, signal });
    await must('mv', [join(folder, 'caddy'), file], { signal });
    done('Caddy built');
  } finally {
    done();
  }
}

async function installPackages(signal) {
  if (Object.keys(PACKAGES).every((name) => findPackage(name) !== undefined)) return;
  const done = announce('installing the Node proxies to compare with (once)');
  try {
    mkdirSync(npmFolder(), { recursive: true });
    writeFileSync(join(npmFolder(), 'package.json'), '{"private":true}\n');
    const wanted = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
    const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...wanted];
    await must('npm', args, { cwd: npmFolder(), signal });
    done('Node proxies installed');
  } finally {
    done();
  }
}

async function must(program, args, options) {
  const { code, output } = await runCommand(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with code ${code}:\n${tail(output)}`);
}
