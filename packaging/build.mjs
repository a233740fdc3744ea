// npm run package -- deb|rpm|files [--version V] [--output FOLDER] [--stage FOLDER]: a package of Reveille for this
// kind of machine, with the Node that runs this and all npm packages that it needs. A stage that is there already is
// taken as it is, so that several packages are made from one; `files` makes nothing but the stage.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = (...parts) => join(root, 'packaging', ...parts);
const { version: ours } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const CPU = {
  x64: { deb: 'amd64', rpm: 'x86_64', rust: 'x86_64' },
  arm64: { deb: 'arm64', rpm: 'aarch64', rust: 'aarch64' },
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { version: { type: 'string' }, output: { type: 'string' }, stage: { type: 'string' } },
});
const [kind] = positionals;
const cpu = CPU[process.arch];
const MAKERS = { deb: makeDeb, rpm: makeRpm, files: (stage) => stage };
if (cpu === undefined || !(kind in MAKERS) || positionals.length > 1 || (kind === 'files' && !values.stage)) {
  process.stderr.write(
    'usage: npm run package -- deb|rpm [--version V] [--output FOLDER] [--stage FOLDER]\n       npm run package -- files --stage FOLDER\n',
  );
  process.exit(2);
}
const version = values.version ?? ours;
const output = values.output ?? root;
const temporary = mkdtempSync(join(tmpdir(), 'reveille-package-'));
try {
  const stage = values.stage ?? join(temporary, 'stage');
  if (!existsSync(stage)) makeStage(stage);
  process.stdout.write(`${MAKERS[kind](stage)}\n`);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

/** The file system of the package, whole or not at all. */
function makeStage(stage) {
  const draft = join(temporary, 'draft');
  const home = join(draft, 'usr/lib/reveille');
  mkdirSync(home, { recursive: true });
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', temporary], { cwd: root, encoding: 'utf8' }),
  );
  run('tar', ['-xzf', join(temporary, packed.filename), '-C', home, '--strip-components=1']);
  for (const name of ['package-lock.json', '.npmrc']) copyFileSync(join(root, name), join(home, name));
  run('npm', ['ci', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: home });
  dropOtherMachines(join(home, 'node_modules/@temporalio/core-bridge/releases'));
  copyFileSync(process.execPath, join(home, 'node'));
  chmodSync(join(home, 'node'), 0o755);
  put(draft, 'usr/bin/reveille', files('files/reveille.sh'), 0o755);
  put(draft, 'usr/lib/systemd/system/reveille.service', files('files/reveille.service'));
  put(draft, 'usr/lib/sysusers.d/reveille.conf', files('files/reveille.sysusers'));
  put(draft, 'etc/reveille/reveille.yaml', files('files/reveille.yaml'));
  const docs = join(draft, 'usr/share/doc/reveille');
  cpSync(join(home, 'docs'), docs, { recursive: true });
  copyFileSync(join(root, 'LICENSE'), join(docs, 'copyright'));
  const licence = nodeLicence();
  if (licence) copyFileSync(licence, join(docs, 'LICENSE.node'));
  else
    process.stderr.write(
      `packaging: the licence of ${process.execPath} was not found: add it before you publish\n`,
    );
  mkdirSync(dirname(stage), { recursive: true });
  run('cp', ['-a', draft, stage]);
}

/** Where Node's own archives have it, and Debian's packages. */
function nodeLicence() {
  const prefix = join(dirname(process.execPath), '..');
  return [join(prefix, 'LICENSE'), join(prefix, 'share/doc/nodejs/LICENSE')].find((file) => existsSync(file));
}

/** Temporal's native part comes for five kinds of machines, some 30 MB each. */
function dropOtherMachines(releases) {
  const own = `${cpu.rust}-unknown-linux-gnu`;
  const all = readdirSync(releases);
  if (!all.includes(own)) throw new Error(`Temporal's SDK has nothing for ${own}`);
  for (const name of all) if (name !== own) rmSync(join(releases, name), { recursive: true });
}

function makeDeb(stage) {
  const folder = join(temporary, 'deb');
  run('cp', ['-a', stage, folder]);
  for (const script of ['postinst', 'prerm', 'postrm'])
    put(folder, `DEBIAN/${script}`, files('deb', script), 0o755);
  writeFileSync(join(folder, 'DEBIAN/conffiles'), '/etc/reveille/reveille.yaml\n');
  writeFileSync(
    join(folder, 'DEBIAN/control'),
    `Package: reveille
Version: ${version}
Architecture: ${cpu.deb}
Maintainer: The Reveille authors <reveille@localhost>
Depends: libc6 (>= 2.28), libstdc++6, util-linux, passwd
Recommends: zstd, xz-utils, bzip2
Section: net
Priority: optional
Description: puts to sleep what nobody uses, and wakes it when somebody knocks
 A thin proxy in front of processes, containers, virtual machines and cloud
 instances that can sleep, and a Temporal workflow behind each.
`,
  );
  const file = join(output, `reveille_${version}_${cpu.deb}.deb`);
  // Fast rather than small: the most of it are programs that do not get much smaller.
  run('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '--build', folder, file]);
  return file;
}

function makeRpm(stage) {
  const top = join(temporary, 'rpm');
  const spec = readFileSync(files('rpm/reveille.spec'), 'utf8');
  const define = Object.entries({
    _topdir: top,
    reveille_version: version,
    reveille_stage: stage,
    _binary_payload: 'w1.gzdio',
    _rpmdir: top,
  }).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  mkdirSync(top, { recursive: true });
  writeFileSync(join(top, 'reveille.spec'), spec);
  run('rpmbuild', ['-bb', '--quiet', '--target', cpu.rpm, ...define, join(top, 'reveille.spec')]);
  const [made] = readdirSync(join(top, cpu.rpm));
  const file = join(output, made);
  copyFileSync(join(top, cpu.rpm, made), `${file}.part`);
  renameSync(`${file}.part`, file);
  return file;
}

function put(folder, name, source, mode = 0o644) {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  copyFileSync(source, file);
  chmodSync(file, mode);
}

function run(program, args, options = {}) {
  // Standard output is for the name of the package.
  execFileSync(program, args, { ...options, stdio: ['ignore', 'ignore', 'inherit'] });
}
