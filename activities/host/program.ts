import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { type Config, resolveReferences } from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';
import { inheritedEnvironment } from '../inherited-environment.js';
import { findUser, switchUser, type User } from './user.js';

/** A command ready to run on this host. */
export interface PreparedCommand {
  readonly argv: readonly string[];
  /** Names that a shell would drop from its environment are here too. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Absolute paths of the tools that a shim needs, whatever PATH the command is given. */
  readonly tools: { readonly ln: string; readonly env: string };
  /** Whose command it is, where not the worker's own user's. */
  readonly user: User | undefined;
}

/** What a command is made from. */
export interface Program {
  /** References are resolved here. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: string | undefined;
  /** Where these settings stand, for errors. */
  readonly key: string;
}

/**
 * Makes settings a command that can run, and looks whether it can.
 * @param labels variables that nothing of the settings may replace.
 * @throws ReveilleError BOOT_FAILED naming what is missing (command, folder, user), REFERENCE_UNRESOLVED.
 */
export async function prepareProgram(
  program: Program,
  labels: Readonly<Record<string, string>>,
  config: Config,
): Promise<PreparedCommand> {
  const own = resolveProgram(program, config);
  const user = program.user === undefined ? undefined : await findUser(program.user);
  const env: Record<string, string> = {
    ...inheritedEnvironment(process.env, config),
    ...user?.env,
    ...own.env,
    ...labels,
  };
  const folder = resolve(config.folder, program.cwd);
  checkFolder(folder);
  checkProgram(own.argv[0] ?? '', program.command[0] ?? '', folder, env.PATH);
  const argv = user === undefined ? own.argv : [...switchUser(user, findTool('setpriv')), ...own.argv];
  return {
    argv,
    env: { ...env, PWD: folder },
    cwd: folder,
    user,
    tools: { ln: findTool('ln'), env: findTool('env') },
  };
}

function resolveProgram(
  { command, env, key }: Program,
  { folder }: Config,
): { argv: string[]; env: Record<string, string> } {
  const value = (text: string, end: string) =>
    resolveReferences(text, { env: process.env, folder, key: `${key}.${end}` }).value;
  return {
    argv: command.map((part, index) => value(part, `command.${index}`)),
    env: Object.fromEntries(
      Object.entries(env).map(([variable, text]) => [variable, value(text, `env.${variable}`)]),
    ),
  };
}

function checkFolder(folder: string): void {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) throw new ReveilleError('BOOT_FAILED', `the folder ${folder} (cwd) does not exist`);
  if (!stat.isDirectory()) throw new ReveilleError('BOOT_FAILED', `${folder} (cwd) is not a folder`);
  if (!isExecutable(folder))
    throw new ReveilleError('BOOT_FAILED', `the folder ${folder} (cwd) may not be entered`);
}

/** @param shown the program as the configuration has it: without what references brought in. */
function checkProgram(program: string, shown: string, folder: string, path = ''): void {
  const isFile = (file: string) => statSync(file, { throwIfNoEntry: false })?.isFile() === true;
  const named = program.includes('/');
  const places = named
    ? [resolve(folder, program)]
    : path.split(delimiter).map((entry) => join(resolve(folder, entry), program));
  const files = program === '' ? [] : places.filter(isFile);
  if (files.some(isExecutable)) return;
  if (files.length > 0) {
    throw new ReveilleError('BOOT_FAILED', `the command ${shown} is not executable (EACCES): ${files[0]}`);
  }
  const where = named ? `in ${folder}` : 'on PATH';
  throw new ReveilleError('BOOT_FAILED', `the command ${shown} does not exist ${where} (ENOENT)`);
}

const tools = new Map<string, string>();
/** Absolute path of a tool that we call ourselves. */
export function findTool(tool: string): string {
  const known = tools.get(tool);
  if (known !== undefined) return known;
  const places = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/bin'].filter(isAbsolute);
  const found = places.map((folder) => join(folder, tool)).find(isExecutable);
  if (found === undefined)
    throw new ReveilleError('BOOT_FAILED', `the tool ${tool} is not installed on this host`);
  tools.set(tool, found);
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const VALID_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The command's words for a shell that runs it: shells drop variables such as `discovery.type`, env(1) hands those over. */
export function withOddNames({
  argv,
  env,
  tools,
}: Pick<PreparedCommand, 'argv' | 'env' | 'tools'>): readonly string[] {
  const odd = Object.entries(env).filter(([name]) => !VALID_NAME.test(name));
  if (odd.length === 0) return argv;
  return [tools.env, ...odd.map(([name, value]) => `${name}=${value}`), ...argv];
}
