// The packages are made, and the deb lives a whole life on this machine: installed, used, upgraded, removed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { engine, needs } from '../kit/engines.js';
import { freePorts } from '../kit/ports.js';
import { root, start } from '../kit/scripts.js';
import { untilUp } from '../kit/up.js';

const UNIT = '/usr/lib/systemd/system/reveille.service';
const CONFIGURATION = '/etc/reveille/reveille.yaml';
const folder = mkdtempSync(join(tmpdir(), 'reveille-packages-'));
const skip = whyNot();

function whyNot(): string | false {
  const absent = ['dpkg-deb', 'rpmbuild', 'systemd-analyze', 'runuser', 'temporal']
    .map((name) => needs(name).skip)
    .find((reason) => reason !== false);
  if (absent !== undefined) return absent;
  if (process.getuid?.() !== 0) return 'installing a package takes root';
  // Nobody's own Reveille is touched.
  return existsSync('/usr/bin/reveille') ? 'Reveille is installed on this machine' : false;
}

function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.equal(status, 0, `${program} ${args.join(' ')}: ${error ?? ''}${stdout}${stderr}`);
  return stdout.trim();
}

let first = '';
const build = (...args: string[]): string =>
  run(
    'npm',
    'run',
    '--silent',
    'package',
    '--',
    ...args,
    '--stage',
    join(folder, 'stage'),
    '--output',
    folder,
  );

before(() => {
  if (!skip) first = build('deb');
});
after(() => {
  if (!skip) spawnSync('dpkg', ['--purge', 'reveille']);
  rmSync(folder, { recursive: true, force: true });
});

/** What the unit says, as systemd would start it, as its user. */
function startUnit(context: Parameters<typeof start>[0]) {
  const unit = readFileSync(UNIT, 'utf8');
  const values = (key: string) =>
    [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');
  const [user = ''] = values('User');
  const [cwd = ''] = values('WorkingDirectory');
  const [command = ''] = values('ExecStart');
  const env = { PATH: process.env.PATH, REVEILLE_TEMPORAL: join(folder, 'temporal') };
  const environment = values('Environment').flatMap((line) => line.split(' '));
  return start(context, 'runuser', ['-u', user, '--', 'env', ...environment, ...command.split(' ')], {
    cwd,
    env,
  });
}

/** The processes of the package's user. */
const processes = (): number[] =>
  spawnSync('ps', ['-u', 'reveille', '-o', 'pid='], { encoding: 'utf8' })
    .stdout.split('\n')
    .map(Number)
    .filter((pid) => pid > 0);

test('SB16: the deb is installed, wakes an application, is upgraded while it is awake, and goes without a trace', {
  skip,
}, async (t) => {
  const second = build('deb', '--version', '99.0.0');
  run('chmod', '755', folder);
  if (linkFails()) copyFileSync(engine('temporal'), join(folder, 'temporal'));
  run('dpkg', '--install', first);
  run('systemd-analyze', 'verify', UNIT);
  assert.equal(run('stat', '-c', '%U:%G %a', CONFIGURATION), 'root:reveille 640');

  const [proxy = 0, control = 0, temporal = 0, ui = 0] = await freePorts(4);
  const answer =
    "require('http').createServer((q, r) => r.end(String(process.pid))).listen(process.env.PORT)";
  writeFileSync(
    CONFIGURATION,
    `proxy: { listen: 127.0.0.1:${proxy} }
control: { listen: 127.0.0.1:${control} }
temporal: { embedded: { port: ${temporal}, uiPort: ${ui}, database: /var/lib/reveille/temporal.db } }
state: /var/lib/reveille
onExit: keep
resources:
  app:
    provider: process
    process: { command: [/usr/lib/reveille/node, -e, ${JSON.stringify(answer)}] }
    routes: [{ path: / }]
`,
  );
  const ask = async () => (await fetch(`http://127.0.0.1:${proxy}/`)).text();
  let service = startUnit(t);
  await untilUp(service);
  const pid = await ask();
  assert.ok(processes().includes(Number(pid)), 'it runs as the user of the package');

  await t.test('upgraded, the awake instance is the same', async () => {
    run('dpkg', '--force-confold', '--install', second);
    // As systemd does it with KillMode=process.
    service.child.kill('SIGTERM');
    await service.ended;
    service = startUnit(t);
    await untilUp(service);
    assert.equal(await ask(), pid);
    assert.match(readFileSync(CONFIGURATION, 'utf8'), /app:/);
  });

  await t.test('removed, nothing is awake; purged, nothing is left', async () => {
    run('dpkg', '--remove', 'reveille');
    assert.ok(!processes().includes(Number(pid)), 'what was awake has been put to sleep');
    assert.ok(existsSync(CONFIGURATION));
    service.child.kill('SIGTERM');
    await service.ended;
    await eventually('its processes are gone', () => processes().length === 0);
    run('dpkg', '--purge', 'reveille');
    for (const path of ['/etc/reveille', '/var/lib/reveille', '/usr/lib/reveille', '/usr/bin/reveille', UNIT])
      assert.ok(!existsSync(path), path);
    assert.notEqual(spawnSync('getent', ['passwd', 'reveille']).status, 0);
  });
});

/** The cache of whoever runs this may be nobody else's to read. */
function linkFails(): boolean {
  try {
    linkSync(engine('temporal'), join(folder, 'temporal'));
    return false;
  } catch {
    return true;
  }
}

test('SB16: the rpm has the same files, and its scripts stop what is awake only when it goes for good', {
  skip,
}, () => {
  const file = build('rpm');
  const files = run('rpm', '-qlp', file).split('\n');
  for (const name of ['/usr/bin/reveille', '/usr/lib/reveille/node', '/etc/reveille/reveille.yaml', UNIT])
    assert.ok(files.includes(name), name);
  assert.ok(!files.some((name) => name.includes('/dist/test/')));
  assert.match(run('rpm', '-qp', '--configfiles', file), /reveille\.yaml/);
  const scripts = run('rpm', '-qp', '--scripts', file);
  assert.match(scripts, /preuninstall[\s\S]*\[ "\$1" = 0 \][\s\S]*reveille stop --all/);
  assert.match(scripts, /postinstall[\s\S]*systemd-sysusers/);
});
