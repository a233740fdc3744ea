/** Debian's sshd and PostgreSQL as resources of a house, in its folder, as the user who runs the tests allows. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, realpathSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { engine } from './engines.js';

const isRoot = process.getuid?.() === 0;
/** PostgreSQL refuses to run as root; its package makes this user. */
const DATABASE_USER = 'postgres';

/** Makes keys for a server and one client, and says how the server is run. */
export function furnishSsh(folder: string): void {
  const key = (name: string) => ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)];
  for (const name of ['host_key', 'client_key']) execFileSync('ssh-keygen', key(name));
  copyFileSync(join(folder, 'client_key.pub'), join(folder, 'authorized_keys'));
  // Where sshd shuts its unprivileged half in; services of Debian make it at their start.
  if (isRoot) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
}

/** A command for the provider `process`. */
export function sshdCommand(): string[] {
  const options = [
    'ListenAddress=127.0.0.1',
    'HostKey=$PWD/host_key',
    'AuthorizedKeysFile=$PWD/authorized_keys',
    'PidFile=none',
    'StrictModes=no',
    'PermitRootLogin=yes',
    'Subsystem=sftp internal-sftp',
  ];
  const words = options.map((option) => `-o "${option}"`).join(' ');
  return ['sh', '-c', `exec ${engine('sshd')} -D -e -f /dev/null -p "$PORT" ${words}`];
}

export interface Ended {
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

/** Runs a client to its end. */
export async function runClient(
  program: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = [child.stdout.toArray(), child.stderr.toArray()];
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: Buffer.concat(await stdout), stderr: String(Buffer.concat(await stderr)) };
}

/** Options of ssh and scp for a server that `furnishSsh` has made keys for. */
export function sshOptions(folder: string): string[] {
  const options = ['BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'];
  options.push('IdentitiesOnly=yes', 'LogLevel=ERROR', `IdentityFile=${join(folder, 'client_key')}`);
  return ['-F', 'none', ...options.flatMap((option) => ['-o', option])];
}

export const sshTarget = `${userInfo().username}@127.0.0.1`;

/** Makes a database cluster in `data`, owned by a user who may run it. */
export function furnishPostgres(folder: string): void {
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  // Below a folder that is for its owner alone.
  chmodSync(folder, 0o711);
  if (isRoot) execFileSync('chown', [DATABASE_USER, data]);
  const words = ['-D', data, '-A', 'trust', '-U', 'tester', '-N', '--locale=C', '-E', 'UTF8'];
  const [program = '', ...args] = [...asDatabaseUser(), engine('initdb'), ...words];
  execFileSync(program, args, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
}

/** It takes connections before it serves: a client that came then was told so, and not held. */
export function postgresHealth(): object {
  const isReady = join(dirname(realpathSync(engine('postgres'))), 'pg_isready');
  return { command: ['sh', '-c', `exec ${isReady} -q -h "$REVEILLE_HOST" -p "$REVEILLE_PORT"`] };
}

/** Settings of the provider `process`. */
export function postgresProcess(): object {
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'jit=off'];
  const words = settings.map((setting) => `-c ${setting}`).join(' ');
  return {
    command: ['sh', '-c', `exec ${engine('postgres')} -D "$PWD/data" -p "$PORT" ${words}`],
    ...(isRoot ? { user: DATABASE_USER } : {}),
  };
}

function asDatabaseUser(): string[] {
  return isRoot ? ['setpriv', `--reuid=${DATABASE_USER}`, '--clear-groups', '--'] : [];
}
