import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import Docker from 'dockerode';
import { eventually } from './conditions.js';
import { engine, needs } from './engines.js';

const START_MS = 60_000;
const END_MS = 30_000;

/** For tests in containers: `test(name, needsDocker(), …)`. The engine wants root and a bridge of its own. */
export function needsDocker(): { skip: string | false } {
  const missing = ['dockerd', 'ip', 'busybox'].map(needs).find(({ skip }) => skip !== false);
  if (missing) return missing;
  return { skip: process.getuid?.() === 0 ? false : 'engine absent: dockerd needs root' };
}

/**
 * A Docker engine of the test's own, with its folder, socket and bridge: nothing of this machine's engine is touched.
 * No registry is asked for anything; images are made from folders of this machine.
 */
export class DockerEngine {
  readonly docker: Docker;

  private constructor(
    private readonly folder: string,
    private readonly bridge: string,
    /** This machine, as containers on the bridge reach it. */
    readonly gateway: string,
    private readonly daemon: ChildProcess,
  ) {
    this.docker = new Docker({ socketPath: this.socket });
  }

  static async start(): Promise<DockerEngine> {
    const folder = mkdtempSync(join(tmpdir(), 'reveille-docker-'));
    const bridge = `rv${randomBytes(4).toString('hex')}`;
    const gateway = `10.${randomInt(200, 250)}.${randomInt(1, 255)}.1`;
    // Of its own: a bridge else takes that of a port, another one as containers come and go, and they lose its track.
    const mac = `02:42:${randomBytes(4).toString('hex').match(/../g)?.join(':')}`;
    execFileSync('ip', ['link', 'add', bridge, 'address', mac, 'type', 'bridge']);
    execFileSync('ip', ['addr', 'add', `${gateway}/24`, 'dev', bridge]);
    execFileSync('ip', ['link', 'set', bridge, 'up']);
    const argv = [
      ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
      ...['--pidfile', join(folder, 'pid'), '--host', `unix://${join(folder, 'socket')}`],
      // No file system and no rules of the machine's own are needed for these.
      ...['--storage-driver', 'vfs', '--iptables=false', '--ip6tables=false', '--ip-masq=false'],
      ...['--ip-forward=false', '--bridge', bridge],
    ];
    const log = createWriteStream(join(folder, 'log'));
    await once(log, 'open');
    // Where runc and the port proxy are, whatever the test's PATH.
    const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
    const daemon = spawn(engine('dockerd'), argv, { env, stdio: ['ignore', log, log] });
    log.end();
    const made = new DockerEngine(folder, bridge, gateway, daemon);
    try {
      await eventually('the Docker engine answers', () => made.docker.ping(), START_MS);
    } catch (error) {
      const said = readFileSync(join(folder, 'log'), 'utf8').slice(-4000);
      await made.close();
      throw new Error(`dockerd did not start:\n${said}`, { cause: error });
    }
    return made;
  }

  get socket(): string {
    return join(this.folder, 'socket');
  }

  /** As DOCKER_HOST and `docker.engine` have it. */
  get address(): string {
    return `unix://${this.socket}`;
  }

  /** Makes an image of a folder's files. @param name with its tag. */
  async import(name: string, root: string): Promise<void> {
    const [repo, tag] = name.split(':');
    const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const body = tar.stdout.pipe(new PassThrough());
    const answer = await this.docker.importImage(body, { repo, tag });
    await new Promise<void>((done, fail) =>
      this.docker.modem.followProgress(answer, (error) => (error ? fail(error) : done())),
    );
  }

  /** Makes an image of busybox and these files of this machine. */
  async importBusybox(name: string, files: readonly string[] = []): Promise<void> {
    const root = this.imageRoot();
    for (const applet of ['busybox', 'sh', 'sleep', 'httpd', 'cat', 'echo'])
      copyFileSync(engine('busybox'), join(root, 'bin', applet));
    for (const file of files) copyFileSync(file, join(root, basename(file)));
    await this.import(name, root);
  }

  /** Makes an image of this very Node.js with the libraries that it needs, and these files beside them. */
  async importNode(name: string, files: Record<string, string>): Promise<void> {
    const root = this.imageRoot();
    const needed = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
    for (const library of needed.filter((word) => !word.endsWith(':'))) {
      mkdirSync(join(root, dirname(library)), { recursive: true });
      copyFileSync(library, join(root, library));
    }
    copyFileSync(process.execPath, join(root, 'bin/node'));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(root, file), text);
    await this.import(name, root);
  }

  private imageRoot(): string {
    const root = mkdtempSync(join(this.folder, 'image-'));
    for (const folder of ['bin', 'tmp', 'etc']) mkdirSync(join(root, folder));
    // Users within the container are others than the test's.
    chmodSync(root, 0o755);
    chmodSync(join(root, 'tmp'), 0o1777);
    return root;
  }

  /** Ends the daemon and all its containers; nothing is left. */
  async close(): Promise<void> {
    const containers = await this.docker.listContainers({ all: true }).catch(() => []);
    for (const { Id } of containers)
      await this.docker
        .getContainer(Id)
        .remove({ force: true, v: true })
        .catch(() => {});
    if (this.daemon.exitCode === null && this.daemon.signalCode === null) {
      const ended = once(this.daemon, 'exit');
      this.daemon.kill('SIGTERM');
      const limit = setTimeout(() => this.daemon.kill('SIGKILL'), END_MS);
      await ended;
      clearTimeout(limit);
    }
    execFileSync('ip', ['link', 'del', this.bridge]);
    for (const mount of mountsBelow(this.folder)) execFileSync('umount', [mount]);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The engine leaves the network of the host mounted. */
function mountsBelow(folder: string): string[] {
  const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return lines.map((line) => line.split(' ')[1] ?? '').filter((mount) => mount.startsWith(`${folder}/`));
}
