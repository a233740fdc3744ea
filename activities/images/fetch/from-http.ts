import type { IncomingMessage } from 'node:http';
import { isReveilleError, ReveilleError } from '../../../errors/index.js';
import { hasCode } from '../../host/atomic.js';
import { pause } from '../../pause.js';
import type { ImageContext } from '../contract.js';
import { type Asking, follow } from './follow.js';
import type { PartFile } from './part-file.js';
import { type PartState, readState, removeState, writeState } from './part-state.js';
import { Passing } from './passing.js';
import { receive } from './receive.js';
import { type Answer, broken } from './request.js';
import { askForRest, contentRange, stateOf, unsatisfiedSize } from './resumption.js';
import type { FetchSettings } from './settings.js';
import { shownUrl } from './shown-url.js';

/** What is fetched from one mirror, into what. */
export interface HttpJob {
  url: URL;
  part: PartFile;
  /** Its path: the state of a part stands beside it. */
  partPath: string;
  asking: Asking;
  settings: FetchSettings;
  context: ImageContext;
}

/**
 * Fetches what is missing from one mirror, again and again while there is progress.
 * @returns whether the part now holds bytes of one answer alone.
 * @throws ReveilleError what the last attempt ended with; the part keeps what came.
 */
export async function fromHttp(job: HttpJob): Promise<{ whole: boolean }> {
  const { part, settings, asking } = job;
  const { firstMs, maxMs } = settings.backoff;
  for (let vain = 0; ; ) {
    const before = part.reached;
    try {
      return { whole: await attempt(job) };
    } catch (error) {
      asking.signal.throwIfAborted();
      if (!(error instanceof Passing)) throw error;
      vain = part.reached > before ? 0 : vain + 1;
      if (vain >= settings.attempts) throw error.error;
      const backoffMs = Math.min(firstMs * 2 ** Math.max(0, vain - 1), maxMs);
      await pause(Math.max(backoffMs, Math.min(error.afterMs, maxMs)), asking.signal);
    }
  }
}

async function attempt(job: HttpJob): Promise<boolean> {
  const { url, part, partPath, asking } = job;
  const state = readState(partPath);
  const rest = askForRest(part.size, state, url.href, asking.rules.digestKnown);
  if (rest !== undefined && state?.total === part.size) return false;
  const answer = await openAnswer(job, rest ?? {});
  try {
    const { first, length } = await begin(job, answer.response, state, rest !== undefined);
    // Nothing is missing: the body is a page that says so.
    if (answer.response.statusCode !== 416) await take(job, answer, first, length);
    return first === 0;
  } finally {
    answer.response.destroy();
  }
}

async function openAnswer({ url, asking }: HttpJob, headers: Record<string, string>): Promise<Answer> {
  try {
    return await follow(url, headers, asking);
  } catch (error) {
    asking.signal.throwIfAborted();
    throw passing(error, url);
  }
}

/** The failures of a network pass; refusals do not. */
function passing(error: unknown, url: URL): unknown {
  const named = error instanceof Error ? broken(error, url) : error;
  const passes =
    isReveilleError(named) &&
    ['IMAGE_UNREACHABLE', 'IMAGE_STALLED', 'IMAGE_LENGTH_WRONG'].includes(named.code);
  return passes ? new Passing(named) : named;
}

/** What the body of an answer is: where in the whole it begins, and how long it is where that was said. */
interface Body {
  first: number;
  length?: number | undefined;
}

/** Makes the part ready for the body. @throws Passing or ReveilleError where there is none of use. */
async function begin(
  job: HttpJob,
  response: IncomingMessage,
  state: PartState | undefined,
  ranged: boolean,
): Promise<Body> {
  const { statusCode = 0, headers } = response;
  if (statusCode === 200) return await beginWhole(job, response);
  if (statusCode === 206 && ranged) return await beginRest(job, response, state);
  if (statusCode === 416 && ranged) {
    if (unsatisfiedSize(headers['content-range']) === job.part.size)
      return { first: job.part.size, length: 0 };
    await forget(job);
    throw new Passing(lengthWrong(job.url, 'what was there is not a beginning of what is there now'));
  }
  const refused = new ReveilleError(
    'IMAGE_REFUSED',
    `${shownUrl(job.url)}: the server answered ${statusCode}`,
  );
  const passes = statusCode >= 500 || statusCode === 408 || statusCode === 429;
  throw passes ? new Passing(refused, retryAfterMs(headers['retry-after'])) : refused;
}

async function beginWhole(job: HttpJob, { headers }: IncomingMessage): Promise<Body> {
  const length = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
  await forget(job);
  if (length !== undefined) await job.part.reserve(length);
  writeState(job.partPath, stateOf(job.url.href, headers, length));
  return { first: 0, length };
}

async function beginRest(job: HttpJob, response: IncomingMessage, state?: PartState): Promise<Body> {
  const { url, part, partPath } = job;
  const text = response.headers['content-range'];
  const range = contentRange(text);
  if (range?.first !== part.size) {
    throw lengthWrong(url, `asked for bytes from ${part.size} on, the server sent ${text ?? 'no range'}`);
  }
  const { first, last, total } = range;
  if (total !== undefined && state?.total !== undefined && total !== state.total) {
    await forget(job);
    throw new Passing(lengthWrong(url, `there were ${state.total} bytes before, now ${total}`));
  }
  if (total !== undefined) await part.reserve(total);
  writeState(partPath, stateOf(url.href, response.headers, total ?? state?.total));
  return { first, length: last - first + 1 };
}

async function take(job: HttpJob, answer: Answer, first: number, length: number | undefined): Promise<void> {
  const { url, part, partPath, settings, context } = job;
  const total = length === undefined ? undefined : first + length;
  const tell = (): void =>
    context.progress({ step: 'fetching', bytes: part.size, ...(total === undefined ? {} : { total }) });
  try {
    await receive(answer.response, part, length, settings.stallMs, shownUrl(url), tell);
  } catch (error) {
    job.asking.signal.throwIfAborted();
    if (isReveilleError(error) && error.code === 'IMAGE_LENGTH_WRONG') await forget(job);
    throw passing(isCut(error) && answer.closed() && length !== undefined ? short(job, length) : error, url);
  }
  const fault = answer.fault();
  if (fault !== undefined) {
    await forget(job);
    throw passing(fault, url);
  }
  // A range may end before the whole does.
  const whole = readState(partPath)?.total;
  if (whole !== undefined && part.size < whole) {
    throw new Passing(lengthWrong(url, `asked for all bytes, the server sent ${part.size} of ${whole}`));
  }
}

/** The end of a connection before that of the body. */
const isCut = (error: unknown): boolean => hasCode(error, 'ECONNRESET');

const short = ({ url }: HttpJob, length: number): ReveilleError =>
  lengthWrong(url, `the connection was closed before all of the ${length} bytes that were said`);

async function forget({ part, partPath }: HttpJob): Promise<void> {
  await part.restart();
  removeState(partPath);
}

const lengthWrong = (url: URL, what: string): ReveilleError =>
  new ReveilleError('IMAGE_LENGTH_WRONG', `${shownUrl(url)}: ${what}`);

/** Retry-After (RFC 9110 10.2.3) in ms; 0 where there is none. */
function retryAfterMs(text: string | undefined): number {
  if (text === undefined) return 0;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}
