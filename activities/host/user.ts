import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ReveilleError } from '../../errors/index.js';

const run = promisify(execFile);
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*\$?$/;

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** What a login would set. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Looks a user up as the system knows it: passwd, LDAP and whatever else it asks.
 * @returns undefined where the worker is this user already.
 * @throws ReveilleError BOOT_FAILED where there is none, or the worker may not become it.
 */
export async function findUser(name: string): Promise<User | undefined> {
  const missing = () => new ReveilleError('BOOT_FAILED', `the user ${name} does not exist on this host`);
  if (!NAME.test(name)) throw missing();
  const { stdout } = await run('getent', ['passwd', name], { timeout: 10_000 }).catch(
    (cause: { code?: unknown }) => {
      if (cause.code === 2) throw missing();
      throw new ReveilleError('BOOT_FAILED', `the user ${name} could not be looked up with getent`, {
        cause,
      });
    },
  );
  const [login = name, , uid, gid, , home = '/'] = stdout.trim().split(':');
  const user = {
    name: login,
    uid: Number(uid),
    gid: Number(gid),
    env: { HOME: home, USER: login, LOGNAME: login },
  };
  if (process.getuid?.() === user.uid) return undefined;
  if (process.getuid?.() !== 0) {
    throw new ReveilleError('BOOT_FAILED', `a command may run as user ${name} only where the worker is root`);
  }
  return user;
}

/** The words in front of a command that make it that user's, with that user's groups and no others. */
export function switchUser(user: User, setpriv: string): string[] {
  return [setpriv, `--reuid=${user.name}`, `--regid=${user.gid}`, '--init-groups', '--'];
}
