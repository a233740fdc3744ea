// Real programs that tests use and the product does not need: where they are, and how CI gets them.
// `node scripts/engines.mjs` installs those that can be built in the cache; .ci/run calls it.
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answers, cacheFolder, makeCached, onPath, platformName } from './setup/cache.mjs';
import { runCommand, tail } from './setup/command.mjs';
import { interruptible } from './setup/index.mjs';
import { infraRunner, isInfraReady } from './setup/infra.mjs';
import { withLock } from './setup/lock.mjs';
import { announce } from './setup/progress.mjs';
import { cachedPulumi } from './setup/pulumi.mjs';
import { cachedTemporal, ensureTemporal } from './setup/temporal.mjs';

const TCTL = '1.18.0';
const MOTO = ['moto[server,ec2]==5.2.5'];
const SCHEMATHESIS = ['schemathesis==4.32.5'];
const JUPYTER = ['jupyter-server==2.21.1', 'ipykernel==7.4.0'];

const tctlFile = () => join(cacheFolder(), `tctl-${TCTL}-${platformName()}`, 'tctl');
/** Programs of Python, each in a virtual environment of its own. */
const jupyter = () => ({ name: 'Jupyter Server', folder: join(cacheFolder(), 'jupyter'), packages: JUPYTER });
const schemathesis = () => ({
  name: 'schemathesis',
  folder: join(cacheFolder(), 'schemathesis'),
  packages: SCHEMATHESIS,
});
const moto = () => ({ name: 'moto', folder: join(cacheFolder(), 'moto'), packages: MOTO });
const pythonOf = ({ folder, packages }) =>
  isCurrent(folder, packages) ? join(folder, 'bin/python') : undefined;
const guestKernelFile = () => join(cacheFolder(), 'guest-kernel', 'kernel');
/** Where Debian puts the servers of its newest PostgreSQL. */
const postgresFolder = () => {
  const folder = '/usr/lib/postgresql';
  const versions = existsSync(folder) ? readdirSync(folder) : [];
  return join(folder, versions.sort((a, b) => Number(a) - Number(b)).at(-1) ?? '', 'bin');
};
const existing = (file) => (existsSync(file) ? file : undefined);

/** Where each is, and how it is got where a package registry has it; Debian's packages are in .ci/run. */
const engines = {
  temporal: {
    find: () => process.env.REVEILLE_TEMPORAL ?? onPath('temporal') ?? existing(cachedTemporal()),
    make: (signal) => ensureTemporal({ signal }),
  },
  tctl: { find: () => onPath('tctl') ?? existing(tctlFile()), make: makeTctl },
  /** The python of a virtual environment: to be run with `-m jupyter_server`. */
  jupyter: {
    find: () => pythonOf(jupyter()),
    make: (signal) => makeVenv(signal, jupyter()),
  },
  /** The same, to be run with `-m moto.server`: an EC2 API on a port. */
  moto: { find: () => pythonOf(moto()), make: (signal) => makeVenv(signal, moto()) },
  /** With infra/ installed and compiled: scripts/infra.mjs gets both. */
  pulumi: {
    find: () =>
      isInfraReady({ clouds: [] })
        ? (process.env.REVEILLE_PULUMI ?? onPath('pulumi') ?? existing(cachedPulumi()))
        : undefined,
  },
  /** The packages that the templates of the clouds need, in infra/. */
  'pulumi-clouds': { find: () => (isInfraReady({ clouds: ['aws', 'gcp'] }) ? infraRunner() : undefined) },
  /** The same, to be run with `-m schemathesis.cli`: asks an API whatever its document allows, and more. */
  schemathesis: { find: () => pythonOf(schemathesis()), make: (signal) => makeVenv(signal, schemathesis()) },
  // Not on everybody's PATH.
  dockerd: { find: () => onPath('dockerd') ?? existing('/usr/sbin/dockerd') },
  dropbear: { find: () => onPath('dropbear') ?? existing('/usr/sbin/dropbear') },
  /** A kernel for virtual machines, with a folder `modules` beside it. */
  'guest-kernel': { find: () => existing(guestKernelFile()), make: makeGuestKernel },
  sshd: { find: () => onPath('sshd') ?? existing('/usr/sbin/sshd') },
  'sftp-server': { find: () => onPath('sftp-server') ?? existing('/usr/lib/openssh/sftp-server') },
  postgres: { find: () => onPath('postgres') ?? existing(join(postgresFolder(), 'postgres')) },
  initdb: { find: () => onPath('initdb') ?? existing(join(postgresFolder(), 'initdb')) },
};

/** @returns {string | undefined} the path of a program, where this machine has it */
export function findEngine(name) {
  return name in engines ? engines[name].find() : onPath(name);
}

async function makeTctl(signal) {
  await makeCached(tctlFile(), {
    what: 'building tctl',
    signal,
    check: (file) => answers(file, ['--version'], signal),
    make: async (file, folder) => {
      const done = announce(`building tctl ${TCTL} (once; about a minute)`);
      const go = async (...args) => {
        const env = { ...process.env, GOFLAGS: '-buildvcs=false' };
        const { code, output } = await runCommand('go', args, { cwd: folder, env, signal });
        if (code !== 0) throw new Error(`go ${args.join(' ')} ended with code ${code}:\n${tail(output)}`);
      };
      try {
        await go('mod', 'init', 'tools');
        await go('get', '-tool', `github.com/temporalio/tctl/cmd/tctl@v${TCTL}`);
        await go('build', '-ldflags', '-s -w', '-o', file, 'github.com/temporalio/tctl/cmd/tctl');
        done('tctl built');
      } finally {
        done();
      }
    },
  });
}

/** Debian's kernel for clouds, unpacked rather than installed: a machine has no need of another kernel itself. */
async function makeGuestKernel(signal) {
  if (onPath('apt-get') === undefined) return;
  const file = guestKernelFile();
  await makeCached(file, {
    what: 'fetching a kernel for virtual machines',
    signal,
    check: async (kernel) => existsSync(kernel),
    make: async (made, folder) => {
      const run = async (program, args) => {
        const { code, output } = await runCommand(program, args, { cwd: folder, signal });
        if (code !== 0) throw new Error(`${program} ended with code ${code}:\n${tail(output)}`);
        return output;
      };
      const depends = await run('apt-cache', ['depends', 'linux-image-cloud-amd64']);
      const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
      if (name === undefined) throw new Error('apt knows no kernel named linux-image-cloud-amd64');
      await run('apt-get', ['download', name]);
      const [deb] = readdirSync(folder).filter((entry) => entry.endsWith('.deb'));
      await run('dpkg-deb', ['-x', deb, 'unpacked']);
      const [version] = readdirSync(join(folder, 'unpacked/lib/modules'));
      const modules = join(dirname(file), 'modules');
      rmSync(modules, { recursive: true, force: true });
      cpSync(join(folder, 'unpacked/lib/modules', version, 'kernel'), modules, { recursive: true });
      copyFileSync(join(folder, 'unpacked/boot', `vmlinuz-${version}`), made);
    },
  });
}

const stampOf = (folder) => join(folder, 'reveille-stamp');
const isCurrent = (folder, packages) =>
  existsSync(stampOf(folder)) && readFileSync(stampOf(folder), 'utf8') === packages.join(' ');

/** A virtual environment holds absolute paths, so it is made in place, and its stamp comes last. */
async function makeVenv(signal, { name, folder, packages }) {
  await withLock(`${folder}.lock`, { what: `installing ${name}`, signal }, async () => {
    if (isCurrent(folder, packages)) return;
    const done = announce(`installing ${name} from PyPI (once; about a minute)`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(dirname(folder), { recursive: true });
    const run = async (program, args) => {
      const { code, output } = await runCommand(program, args, { signal });
      if (code !== 0) throw new Error(`${program} ended with code ${code}:\n${tail(output)}`);
    };
    try {
      await run('python3', ['-m', 'venv', folder]);
      await run(join(folder, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', ...packages]);
      writeFileSync(stampOf(folder), packages.join(' '));
      done(`${name} installed`);
    } finally {
      done();
    }
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await interruptible(async (signal) => {
    for (const { make } of Object.values(engines)) await make?.(signal);
  });
}
