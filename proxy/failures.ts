/** What the end of a sending means: whose fault it was, and whether the request may be sent again. */
import { type AttemptFailure, InvalidAnswer } from './attempt.js';

/** Methods that ask for nothing to be changed (RFC 9110 9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The request is one that undici will not write, though Node read it. Nothing was sent. */
export function isClientsFault({ error, sent }: AttemptFailure): boolean {
  const code = codeOf(error);
  return !sent && (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED');
}

/** The instance answered with something that is not HTTP/1.1. */
export function isInvalidAnswer(error: Error): boolean {
  if (error instanceof InvalidAnswer) return true;
  const code = codeOf(error);
  return (
    code.startsWith('HPE_') ||
    error.name === 'HTTPParserError' ||
    code.startsWith('ERR_HTTP_') ||
    code === 'ERR_INVALID_CHAR' ||
    code === 'UND_ERR_HEADERS_OVERFLOW' ||
    code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' ||
    error.message === 'bad response' ||
    error.message === 'bad upgrade'
  );
}

/**
 * Again only where nothing can have happened at the instance: the connection never stood, or it was a used one
 * that had gone stale, the method is safe, and nothing of the body was read.
 */
export function mayResend(
  failure: AttemptFailure,
  method: string | undefined,
  bodyUntouched: boolean,
): boolean {
  if (!bodyUntouched || failure.answered) return false;
  if (!failure.sent) return true;
  return failure.reused && SAFE.has(method ?? '') && !isInvalidAnswer(failure.error);
}
