// The container file: its last stage is built as it stands, on a base of this machine's parts, and lives a whole life.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { Container } from 'dockerode';
import { eventually } from '../kit/conditions.js';
import { DockerEngine, needsDocker } from '../kit/docker-engine.js';
import { needs, engine as program } from '../kit/engines.js';
import { root, tempFolder } from '../kit/scripts.js';

const FILES = join(root, 'infra/deploy/container');
const HOME = 'usr/lib/reveille';
/** Of a deb, what is large is mounted from this working copy, not copied. */
const MOUNTED = ['dist', 'node_modules', 'scripts', 'infra'];
const PATIENCE_MS = 120_000;
/** The native part of Temporal's SDK for this machine. */
const TEMPORAL_CORE = join(
  root,
  'node_modules/@temporalio/core-bridge/releases',
  `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-gnu`,
  'index.node',
);
const skip = [needsDocker(), needs('temporal')].find(({ skip }) => skip !== false) ?? {};

const CONFIGURATION = `
proxy: { listen: "0.0.0.0:8080" }
temporal: { embedded: { database: /var/lib/reveille/temporal.db } }
state: /var/lib/reveille
resources:
  app:
    provider: process
    process:
      command: [/usr/lib/reveille/node, -e, "require('http').createServer((q, r) => r.end(String(process.getuid()))).listen(process.env.PORT)"]
    routes: [{ path: / }]
`;

function librariesOf(file: string): string[] {
  const lines = execFileSync('ldd', [file], { encoding: 'utf8' });
  return lines.match(/\/\S+/g)?.filter((word) => !word.endsWith(':')) ?? [];
}

/** In place of Debian: busybox, and the libraries that Node and Temporal's SDK need. */
function baseOf(folder: string): string {
  const base = join(folder, 'base');
  for (const name of ['bin', 'tmp', 'etc', 'usr/bin']) mkdirSync(join(base, name), { recursive: true });
  for (const one of [base, join(base, 'tmp')]) chmodSync(one, one === base ? 0o755 : 0o1777);
  copyFileSync(program('busybox'), join(base, 'bin/busybox'));
  const applets = execFileSync(program('busybox'), ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets.filter((one) => one !== 'busybox'))
    symlinkSync('busybox', join(base, 'bin', applet));
  symlinkSync('/bin/env', join(base, 'usr/bin/env'));
  for (const library of [process.execPath, TEMPORAL_CORE].flatMap(librariesOf)) {
    mkdirSync(join(base, dirname(library)), { recursive: true });
    copyFileSync(library, join(base, library));
  }
  writeFileSync(join(base, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(base, 'etc/group'), 'root:x:0:\n');
  return base;
}

/** What `docker build` is handed: the last stage of the container file, and the files that it copies. */
function contextOf(folder: string): string {
  const context = join(folder, 'context');
  const home = join(context, 'stage', HOME);
  for (const name of MOUNTED) mkdirSync(join(home, name), { recursive: true });
  cpSync(join(root, 'bin'), join(home, 'bin'), { recursive: true });
  copyFileSync(join(root, 'package.json'), join(home, 'package.json'));
  writeFileSync(join(home, 'node'), '');
  for (const name of ['usr/bin', 'usr/local/bin'])
    mkdirSync(join(context, 'stage', name), { recursive: true });
  copyFileSync(join(root, 'packaging/files/reveille.sh'), join(context, 'stage/usr/bin/reveille'));
  chmodSync(join(context, 'stage/usr/bin/reveille'), 0o755);
  cpSync(FILES, join(context, 'infra/deploy/container'), { recursive: true });
  const [, last = ''] =
    /^FROM debian\S+\n(.*)$/ms.exec(readFileSync(join(FILES, 'Dockerfile'), 'utf8')) ?? [];
  writeFileSync(
    join(context, 'Dockerfile'),
    `FROM base:1\n${last.replace('COPY --from=build /stage /', 'COPY stage /')}`,
  );
  return context;
}

describe('the container file', skip, () => {
  let engine: DockerEngine;
  before(async () => {
    engine = await DockerEngine.start();
  });
  after(() => engine.close());

  async function build(t: TestContext): Promise<void> {
    const folder = tempFolder(t);
    await engine.import('base:1', baseOf(folder));
    const tar = spawn('tar', ['-C', contextOf(folder), '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const answer = await engine.docker.buildImage(tar.stdout, { t: 'reveille:1' });
    await new Promise<void>((done, fail) =>
      engine.docker.modem.followProgress(answer, (error) => (error ? fail(error) : done())),
    );
  }

  async function run(file: string): Promise<Container> {
    const mounts = MOUNTED.map((name) => `${realpathSync(join(root, name))}:/${HOME}/${name}:ro`);
    const container = await engine.docker.createContainer({
      Image: 'reveille:1',
      HostConfig: {
        Binds: [
          ...mounts,
          `${realpathSync(process.execPath)}:/${HOME}/node:ro`,
          `${realpathSync(program('temporal'))}:/usr/local/bin/temporal:ro`,
          `${file}:/etc/reveille/reveille.yaml:ro`,
          'reveille:/var/lib/reveille',
        ],
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
      },
    });
    await container.start();
    return container;
  }

  /** Runs what Docker runs to see whether it is well. @returns its exit code. */
  async function health(container: Container): Promise<number> {
    const { Config } = await container.inspect();
    const [kind, ...command] = Config.Healthcheck?.Test ?? [];
    assert.equal(kind, 'CMD');
    const exec = await container.exec({ Cmd: command, AttachStdout: true, AttachStderr: true });
    const answer = await exec.start({});
    answer.resume();
    await once(answer, 'close');
    return await eventually(
      'the engine knows how it ended',
      async () => (await exec.inspect()).ExitCode ?? undefined,
    );
  }

  async function output(container: Container): Promise<string> {
    return String(await container.logs({ stdout: true, stderr: true }));
  }

  async function askWhenUp(container: Container): Promise<string> {
    const settled = async () => {
      const { State } = await container.inspect();
      return !State.Running || (await output(container)).includes('Reveille is up');
    };
    await eventually('it is up, or has ended', settled, PATIENCE_MS).catch(() => {});
    const said = await output(container);
    assert.match(said, /Reveille is up/);
    const { NetworkSettings } = await container.inspect();
    const [network] = Object.values(NetworkSettings.Networks);
    return await (await fetch(`http://${network?.IPAddress}:8080/`)).text();
  }

  test('built and run as its first lines say, it wakes an application as its own user, stops in order and goes on with its volume', async (t) => {
    await build(t);
    const file = join(tempFolder(t), 'reveille.yaml');
    chmodSync(dirname(file), 0o755);
    writeFileSync(file, CONFIGURATION);
    for (const start of ['first', 'second']) {
      const container = await run(file);
      assert.equal(await askWhenUp(container), '900', `${start} start: not as root`);
      assert.equal(await health(container), 0);
      await container.stop({ t: 120 });
      const { State } = await container.inspect();
      assert.equal(State.ExitCode, 0, await output(container));
      await container.remove();
    }
  });
});
