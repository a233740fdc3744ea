import { type Config, loadConfig, stateDir } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import { checkSleepingd } from './sleepingd/up.js';
import { runningUp } from './up/state.js';

/**
 * Checks the file and has the running `reveille up` read it.
 * @param configFile absolute path
 * @returns the pid of that `up`
 * @throws ConfigError with everything that is wrong; ReveilleError NOT_RUNNING
 */
export function reload(configFile: string): number {
  return tell(loadConfig(configFile));
}

/**
 * As `reload`, for `reveille up --sleepingd`.
 * @param file, configFile as `up` was given them.
 */
export function reloadSleepingd(file: string | undefined, configFile: string | undefined): number {
  return tell(checkSleepingd(file, configFile));
}

function tell(config: Config): number {
  const pid = runningUp(stateDir(config));
  if (pid === undefined) {
    throw new ReveilleError(
      'NOT_RUNNING',
      `no \`reveille up\` runs on ${stateDir(config)}; parts that run by themselves reload on SIGHUP`,
    );
  }
  process.kill(pid, 'SIGHUP');
  return pid;
}
