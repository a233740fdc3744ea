/**
 * Reading the head of an instance's answer (RFC 9112 4 and 5), more strictly than the RFC has to be: whatever two
 * readers could understand differently is refused, never mended. No folded lines, no bare CR or LF, no blanks
 * around names, one Content-Length at most, no coding but `chunked`.
 */

/** The instance's answer is not HTTP/1.1, or not so that everybody would read it alike. */
export class InvalidAnswer extends Error {
  readonly code = 'INVALID_ANSWER';
}

/** What a head says about the message that it begins. */
export interface AnswerHead {
  readonly status: number;
  /** Reason phrase; often empty. */
  readonly reason: string;
  /** Names and values in turn, as they came; latin1. */
  readonly fields: string[];
  /** Content-Length, or -1 where there is none. */
  readonly length: number;
  readonly chunked: boolean;
  /** The connection may serve another request afterwards (RFC 9112 9.3). */
  readonly keepAlive: boolean;
  /** The instance's hint (Keep-Alive: timeout=N), in seconds; undefined where there is none. */
  readonly idleSeconds: number | undefined;
}

const SPACE = 0x20;
const TAB = 0x09;
const HTTP_1 = 'HTTP/1.';
const LONGEST_LENGTH = String(Number.MAX_SAFE_INTEGER).length - 1;

/** Visible characters, blanks, and bytes above ASCII (RFC 9112 4). */
const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;
/**
 * Nothing but fields (RFC 9110 5.1 and 5.5). A name is of other characters than the colon, a value of others than
 * CR and LF: at each character there is but one way to go on, so that no text takes long.
 */
const FIELDS = /^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/;

/**
 * @param text status line and fields, each with its CRLF, without the empty line at the end.
 * @throws InvalidAnswer
 */
export function readAnswerHead(text: string): AnswerHead {
  const end = text.indexOf('\r\n');
  const status = Number(text.slice(9, 12));
  const minor = text.charCodeAt(7) - 0x30;
  const wellFormed =
    text.startsWith(HTTP_1) &&
    (minor === 0 || minor === 1) &&
    text.charCodeAt(8) === SPACE &&
    isDigits(text, 9, 12) &&
    status >= 100 &&
    (end === 12 || text.charCodeAt(12) === SPACE);
  if (!wellFormed) throw new InvalidAnswer('The answer does not begin as HTTP/1.1 does.');
  const reason = text.slice(13, end);
  if (!REASON.test(reason)) throw new InvalidAnswer('A control character in the status line.');
  const fields = readFields(text.slice(end + 2));
  return { status, reason, fields, ...framingOf(fields, minor === 0) };
}

/**
 * @param text fields, each with its CRLF.
 * @throws InvalidAnswer
 */
export function readFields(text: string): string[] {
  if (!FIELDS.test(text)) throw new InvalidAnswer('The answer has a line that is no field.');
  const fields: string[] = [];
  let at = 0;
  while (at < text.length) {
    const colon = text.indexOf(':', at);
    const end = text.indexOf('\r\n', colon);
    fields.push(text.slice(at, colon), trimmed(text, colon + 1, end));
    at = end + 2;
  }
  return fields;
}

/** Without the blanks around it. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

function isDigits(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (!(code >= 0x30 && code <= 0x39)) return false;
  }
  return to > from;
}

type Framing = Pick<AnswerHead, 'length' | 'chunked' | 'keepAlive' | 'idleSeconds'>;

function framingOf(fields: readonly string[], isHttp10: boolean): Framing {
  let length = -1;
  let chunked = false;
  // HTTP/1.0's own way to keep connections is as good as gone, and ambiguous.
  let keepAlive = !isHttp10;
  let idleSeconds: number | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? '';
    const value = fields[i + 1] ?? '';
    if (isNamed(name, 'content-length')) {
      if (length >= 0) throw new InvalidAnswer('More than one Content-Length.');
      length = readLength(value);
    } else if (isNamed(name, 'transfer-encoding')) {
      if (chunked || value.toLowerCase() !== 'chunked' || isHttp10) {
        throw new InvalidAnswer(`Transfer-Encoding "${value}" is not understood.`);
      }
      chunked = true;
    } else if (isNamed(name, 'connection')) {
      if (hasClose(value)) keepAlive = false;
    } else if (isNamed(name, 'keep-alive')) {
      const hint = /(?:^|[\s,;])timeout=(\d{1,6})/i.exec(value)?.[1];
      if (hint !== undefined) idleSeconds = Number(hint);
    }
  }
  if (chunked && length >= 0) throw new InvalidAnswer('Content-Length and Transfer-Encoding.');
  return { length, chunked, keepAlive, idleSeconds };
}

function isNamed(name: string, lowerName: string): boolean {
  return name.length === lowerName.length && name.toLowerCase() === lowerName;
}

function readLength(value: string): number {
  if (value.length > LONGEST_LENGTH || !isDigits(value, 0, value.length)) {
    throw new InvalidAnswer('Content-Length is no number, or too large.');
  }
  return Number(value);
}

function hasClose(connection: string): boolean {
  if (connection === 'keep-alive') return false;
  return connection.split(',').some((option) => option.trim().toLowerCase() === 'close');
}
