import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import {
  type Config,
  paramsEnvironment,
  resolveReferences,
  type SettingsOf,
  settingsOf,
} from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import { inheritedEnvironment } from '../../inherited-environment.js';
import type { BootRequest } from '../contract.js';
import type { Command } from './shim.js';
import { findUser, switchUser, type User } from './user.js';

export interface PreparedCommand extends Command {
  /** Whose command it is, where not the worker's own user's. */
  readonly user: User | undefined;
}

/**
 * Makes the settings of a resource a command that can run, and looks whether it can.
 * @throws ReveilleError BOOT_FAILED naming what is missing (command, folder, user), REFERENCE_UNRESOLVED.
 */
export async function prepareCommand(
  { name, generation, definition, params }: BootRequest,
  port: number,
  config: Config,
): Promise<PreparedCommand> {
  const settings = settingsOf(definition, 'process');
  const { command, cwd, user: userName } = settings;
  const own = resolveSettings(name, settings, config);
  const user = userName === undefined ? undefined : await findUser(userName);
  const env: Record<string, string> = {
    ...inheritedEnvironment(process.env, config),
    ...user?.env,
    ...own.env,
    ...paramsEnvironment(params),
    PORT: String(port),
    REVEILLE_RESOURCE: name,
    REVEILLE_GENERATION: String(generation),
  };
  const folder = resolve(config.folder, cwd);
  checkFolder(folder);
  checkProgram(own.argv[0] ?? '', command[0] ?? '', folder, env.PATH);
  const argv = user === undefined ? own.argv : [...switchUser(user, findTool('setpriv')), ...own.argv];
  return {
    argv,
    env: { ...env, PWD: folder },
    cwd: folder,
    user,
    tools: { ln: findTool('ln'), env: findTool('env') },
  };
}

function resolveSettings(
  name: string,
  { command, env }: SettingsOf<'process'>,
  { folder }: Config,
): { argv: string[]; env: Record<string, string> } {
  const key = (end: string) => `resources.${name}.process.${end}`;
  const value = (text: string, end: string) =>
    resolveReferences(text, { env: process.env, folder, key: key(end) }).value;
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
function findTool(tool: string): string {
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
