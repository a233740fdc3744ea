import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { withOddNames } from '../../host/program.js';
import type { ProviderContext } from '../contract.js';
import type { CommandHome } from './home.js';
import { checkHeader } from './locked.js';
import type { PreparedStep } from './steps.js';

/**
 * Runs a check, which changes nothing, and so needs no turn.
 * @returns undefined where it says that the instance runs; else why not, in words.
 */
export function runCheck(
  home: CommandHome,
  generation: number,
  { command, timeoutMs }: PreparedStep,
  { signal }: ProviderContext,
): Promise<string | undefined> {
  return home.log.with(command.user, (fd) => {
    const [program = '', ...args] = withOddNames(command);
    writeSync(fd, `${checkHeader(generation)}\n`);
    const child = spawn(program, args, {
      cwd: command.cwd,
      env: command.env,
      detached: true,
      stdio: ['ignore', fd, fd],
    });
    return new Promise((resolve, reject) => {
      let isOver = false;
      const finish = (end: () => void) => {
        isOver = true;
        clearTimeout(late);
        signal.removeEventListener('abort', abort);
        if (child.pid !== undefined) killGroup(child.pid);
        end();
      };
      const abort = () => finish(() => reject(signal.reason));
      const late =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => finish(() => resolve(`check did not end within ${timeoutMs} ms`)), timeoutMs);
      signal.addEventListener('abort', abort);
      if (signal.aborted) abort();
      child.once('error', (error) => finish(() => resolve(`check cannot be run: ${error.message}`)));
      child.once('exit', (code, killer) => {
        // Not where it was given up: nobody waits any more, and the log is closed.
        if (isOver) return;
        writeSync(fd, `--- check: ${killer ?? `exit code ${code}`} ---\n`);
        finish(() => resolve(code === 0 ? undefined : `check ended with ${killer ?? `exit code ${code}`}`));
      });
    });
  });
}

/** What a check leaves behind is no instance. */
function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}
