/** What the end of a sending means: whose fault it was, and whether the request may be sent again. */
import { ReveilleError } from '../errors/index.js';
import { InvalidAnswer } from './answer-head.js';
import type { AttemptFailure } from './attempt.js';

/** First sending and resends, each with a pass of its own. */
export const MAX_SENDINGS = 4;

/** Methods that ask for nothing to be changed (RFC 9110 9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The instance answered with something that is not HTTP/1.1, or that Node does not write. */
function isInvalidAnswer(error: Error): boolean {
  if (error instanceof InvalidAnswer) return true;
  const code = codeOf(error);
  return code.startsWith('ERR_HTTP_') || code === 'ERR_INVALID_CHAR';
}

/**
 * Again only where nothing of the body was read, and the connection never stood or the method is safe: a used
 * connection may have been stale, and a new one accepted by an instance that was just dying. That once only: a request
 * that kills its instance must not kill one after the other.
 * @param broke a new connection has broken under this request before.
 */
export function mayResend(
  failure: AttemptFailure,
  method: string | undefined,
  bodyUntouched: boolean,
  broke: boolean,
): boolean {
  if (!bodyUntouched || failure.answered) return false;
  if (!failure.sent) return true;
  return (
    (failure.reused || !(broke || failure.heard)) && SAFE.has(method ?? '') && !isInvalidAnswer(failure.error)
  );
}

/** What a failed sending is called towards the client. */
export function upstreamFailed(failure: AttemptFailure): ReveilleError {
  const code = isInvalidAnswer(failure.error)
    ? 'UPSTREAM_INVALID'
    : failure.sent
      ? 'UPSTREAM_FAILED'
      : 'UPSTREAM_UNREACHABLE';
  return new ReveilleError(code, failure.error.message, { cause: failure.error });
}
