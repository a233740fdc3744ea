import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ReveilleError } from '../errors/index.js';
import { stateDir } from './host.js';
import { resolveReferences } from './references.js';
import type { Config } from './schema.js';

/** The variable by which `up` hands the secret to its children. */
const SECRET_VARIABLE = 'REVEILLE_SECRET';
const SECRET_BYTES = 32;

/**
 * The secret of the calls between workers and proxies: `secret` of the configuration, else the environment's
 * REVEILLE_SECRET, else the file `secret` in the state folder, made at first use (mode 0600, 64 hexadecimal
 * digits). Whoever asks at the same moment gets the same.
 * @throws ReveilleError REFERENCE_UNRESOLVED; SETUP_FAILED where the file is of no use or open to others.
 */
export async function readSecret(
  config: Pick<Config, 'secret' | 'folder' | 'state'>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  if (config.secret !== undefined) {
    const { value } = resolveReferences(config.secret, { env, folder: config.folder, key: 'secret' });
    if (value === '') throw new ReveilleError('REFERENCE_UNRESOLVED', 'secret: it resolves to an empty text');
    return value;
  }
  const given = env[SECRET_VARIABLE];
  if (given !== undefined && given !== '') return given;
  return readOrMake(stateDir(config), 'secret');
}

/**
 * The secret in a file of that folder (mode 0600, 64 hexadecimal digits), made at first use. Whoever asks at the same
 * moment gets the same.
 * @throws ReveilleError SETUP_FAILED where the file is of no use or open to others.
 */
export async function readOrMake(folder: string, name: string): Promise<string> {
  const file = join(folder, name);
  try {
    return (await readExisting(file)) ?? (await make(folder, file));
  } catch (cause) {
    if (cause instanceof ReveilleError) throw cause;
    throw new ReveilleError('SETUP_FAILED', `${file} cannot be read or made`, { cause });
  }
}

async function make(folder: string, file: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const secret = randomBytes(SECRET_BYTES).toString('hex');
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(`${secret}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // A link appears whole or not at all, and never over another's: one process wins, the others read.
    await link(draft, file);
    return secret;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    const theirs = await readExisting(file);
    if (theirs === undefined) throw error;
    return theirs;
  } finally {
    await rm(draft, { force: true });
  }
}

async function readExisting(file: string): Promise<string | undefined> {
  let text: string;
  try {
    const handle = await open(file, 'r');
    try {
      if (((await handle.stat()).mode & 0o077) !== 0) {
        throw new ReveilleError(
          'SETUP_FAILED',
          `${file} is open to other users: delete it, and a new one is made`,
        );
      }
      text = (await handle.readFile('utf8')).trim();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  if (text.length < SECRET_BYTES) {
    throw new ReveilleError('SETUP_FAILED', `${file} holds no secret: delete it, and a new one is made`);
  }
  return text;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** Of a session at the control address. The proxy forwards it to nobody. */
export const SESSION_COOKIE = 'reveille_session';
