import { SetupError } from './error.mjs';

const LEAST = [20, 18, 1];

/** @param {string} version such as 20.18.1 @throws {SetupError} where it is too old for Reveille */
export function checkNodeVersion(version = process.versions.node) {
  const parts = version.split('.').map(Number);
  for (const [index, least] of LEAST.entries()) {
    if (parts[index] > least) return;
    if (parts[index] < least) {
      throw new SetupError(
        'SETUP_FAILED',
        `Node ${version} is too old: Reveille needs ${LEAST.join('.')} or newer`,
        'Install Node 20 or newer from https://nodejs.org or your distribution, and run the command again.',
      );
    }
  }
}
