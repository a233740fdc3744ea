/** Errors as clients see them: problem+json (RFC 9457), or the same as a page where a browser asks. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AsleepAnswer } from '../config/index.js';
import { type Problem, ReveilleError } from '../errors/index.js';
import { escapeHtml, htmlPage, PAGE_POLICY } from './html.js';
import type { Page, Pages } from './waiting/pages.js';

export interface ProblemOptions {
  requestId: string;
  /** The client may see the log's tail. */
  showLog: boolean;
  /** The connection cannot be used again: the request's end is unknown or will not be read. */
  close: boolean;
  /** What browsers are shown where a resource did not answer; absent where none was asked for. */
  pages?: Pages;
}

/** Any error as one with a name. */
export function namedError(error: unknown): ReveilleError {
  if (error instanceof ReveilleError) return error;
  return new ReveilleError('INTERNAL', 'Something unexpected happened in the proxy.', { cause: error });
}

/** Answers a request with an error. Nothing of an answer may have been sent. */
export function sendProblem(response: ServerResponse, error: ReveilleError, options: ProblemOptions): void {
  const problem = error.toProblem(options.showLog, options.requestId);
  const html = acceptsHtml(response.req);
  const page = html ? pageOf(problem, response.req.method, options.pages) : undefined;
  const body = page?.html ?? `${JSON.stringify(problem)}\n`;
  const type = html ? 'text/html; charset=utf-8' : 'application/problem+json';
  const fields = ['Vary', 'Accept'];
  if (page !== undefined) fields.push('Content-Security-Policy', page.policy);
  if (error.challenge !== undefined) fields.push('WWW-Authenticate', error.challenge);
  const { requestId, close } = options;
  sendWhole(response, error.status, type, body, { requestId, retryInMs: error.retryInMs, close, fields });
}

interface WholeOptions {
  requestId: string;
  retryInMs: number | undefined;
  close: boolean;
  fields?: string[];
}

/** Sends an answer of the proxy's own, which nobody may keep. */
export function sendWhole(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  options: WholeOptions,
): void {
  // RFC 9110 8.6: no length where no body can follow.
  const bare = status === 204 || status === 304;
  const headers = bare ? [] : ['Content-Type', type, 'Content-Length', String(Buffer.byteLength(body))];
  headers.push('Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff');
  headers.push('X-Request-Id', options.requestId, ...(options.fields ?? []));
  if (options.retryInMs !== undefined) headers.push('Retry-After', retryAfter(options.retryInMs));
  if (options.close) headers.push('Connection', 'close');
  response.writeHead(status, headers);
  response.end(bare ? undefined : body);
}

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/** Answers `OPTIONS *`, which asks about this server and no resource (RFC 9110 9.3.7). */
export function sendMethods(response: ServerResponse): void {
  response.writeHead(204, ['Allow', METHODS, 'Via', '1.1 reveille']);
  response.end();
}

/** Sends what a resource answers while it is asleep. */
export function sendAsleep(
  response: ServerResponse,
  { status, type, body }: AsleepAnswer,
  requestId: string,
  close: boolean,
): void {
  sendWhole(response, status, type, body, { requestId, retryInMs: undefined, close });
}

/** RFC 9110 10.2.3 knows whole seconds only: rounded up, so that nobody comes too early. */
export function retryAfter(ms: number): string {
  return String(Math.max(0, Math.ceil(ms / 1000)));
}

function acceptsHtml(request: IncomingMessage): boolean {
  return request.headers.accept?.includes('text/html') === true;
}

/** What the same request may bring about later has a page with a button for it; a form is not sent again by one. */
function pageOf(problem: Problem, method: string | undefined, pages: Pages | undefined): Page {
  const mayComeYet = problem.status >= 502 && problem.status <= 504;
  if (pages !== undefined && mayComeYet && method === 'GET') return pages.failed(problem);
  return { html: problemPage(problem), policy: PAGE_POLICY };
}

function problemPage(problem: Problem): string {
  const log = problem.log === undefined ? '' : `<pre>${escapeHtml(problem.log)}</pre>\n`;
  return htmlPage(
    `${problem.status} ${problem.title}`,
    `<h1>${escapeHtml(problem.title)}</h1>
<p>${escapeHtml(problem.detail)}</p>
<p>${escapeHtml(problem.remedy)}</p>
${log}<p><small>${problem.code} · request ${escapeHtml(problem.requestId ?? '')}</small></p>`,
  );
}

/**
 * An answer for a socket whose request could not be parsed, or whose connection goes to nobody: bytes of a whole
 * HTTP/1.1 message, after which the connection ends.
 */
export function rawProblem(error: ReveilleError, requestId: string): string {
  const body = `${JSON.stringify(error.toProblem(false, requestId))}\n`;
  return [
    `HTTP/1.1 ${error.status} ${REASONS[error.status] ?? 'Error'}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    `X-Request-Id: ${requestId}`,
    ...(error.retryInMs === undefined ? [] : [`Retry-After: ${retryAfter(error.retryInMs)}`]),
    `Date: ${new Date().toUTCString()}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};
