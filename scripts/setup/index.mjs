import { constants } from 'node:os';
import { ensureBuild } from './build-step.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { Interrupted } from './error.mjs';
import { checkNodeVersion } from './node-version.mjs';
import { say } from './progress.mjs';

/** All that must stand before the product's own code can be loaded. @throws {SetupError} */
export async function prepare({ root, signal }) {
  checkNodeVersion();
  await ensureDependencies({ root, signal });
  await ensureBuild({ root, signal });
}

/**
 * Runs set-up so that SIGINT, SIGTERM and SIGHUP end what it started and leave nothing half made, and an
 * error is told with its remedy. Ends the process in both cases.
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function interruptible(work) {
  const abort = new AbortController();
  let received;
  const onSignal = (name) => {
    received = name;
    abort.abort();
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const name of names) process.on(name, onSignal);
  try {
    return await work(abort.signal);
  } catch (error) {
    if (error instanceof Interrupted || received !== undefined) {
      say('reveille: set-up was interrupted; run the command again and it goes on');
      process.exit(128 + (constants.signals[received] ?? 2));
    }
    say(
      error.code && error.remedy ? `error ${error.code}: ${error.message}\n  ${error.remedy}` : error.stack,
    );
    process.exit(1);
  } finally {
    for (const name of names) process.off(name, onSignal);
  }
}
