import { onPath } from './cache.mjs';
import { runCommand, tail } from './command.mjs';
import { SetupError } from './error.mjs';

/**
 * Sees to it that there is a Go new enough to build a program.
 * @param {{what: string, needed: string, code: string, remedy: string, env: NodeJS.ProcessEnv, signal?: AbortSignal}} options
 *   what: the program, for messages; needed: what its go.mod asks for, such as 1.25
 * @throws {SetupError} with that code and remedy
 */
export async function checkGo({ what, needed, code: name, remedy, env, signal }) {
  const refuse = (message) => new SetupError(name, message, remedy);
  if (onPath('go', env) === undefined)
    throw refuse(`${what} was not found, cannot be downloaded, and there is no Go here to build it`);
  const { code, output } = await runCommand('go', ['version'], { env, signal });
  const version = /go(\d+)\.(\d+)/.exec(output);
  if (code !== 0 || version === null) throw refuse(`go version ended with code ${code}: ${tail(output, 3)}`);
  const [major, minor] = needed.split('.').map(Number);
  if (Number(version[1]) > major || (Number(version[1]) === major && Number(version[2]) >= minor)) return;
  throw refuse(`Go ${version[1]}.${version[2]} is too old to build ${what}: it needs ${needed} or newer`);
}
