import { isReveilleError, ReveilleError } from '../errors/index.js';

/**
 * Tells an error on standard error, with its remedy; with `json` also as an object on standard output.
 * @returns the exit code that belongs to it: 2 for a command that was not understood, else 1
 */
export function reportError(error: unknown, json = false): number {
  const known = asReveilleError(error);
  process.stderr.write(`error ${known.code}: ${known.message}\n  ${known.remedy}\n`);
  if (known.code === 'INTERNAL' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ error: known.toProblem(true) })}\n`);
  return known.code === 'USAGE' ? 2 : 1;
}

function asReveilleError(error: unknown): ReveilleError {
  if (isReveilleError(error)) return error;
  return new ReveilleError('INTERNAL', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}
