import { ReveilleError } from '../../../errors/index.js';
import { pause } from '../../pause.js';
import { isThrottled, Refusal, Unanswered } from './failures.js';

/** Of one answer: longer than any is, but for the one that waits for an operation. */
const ANSWER_MS = 30_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;
/** Of an answer, no more is read. */
const MOST_BYTES = 32 * 1024 * 1024;

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the project. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** Bound of one answer. */
  readonly answerMs?: number;
}

export interface ApiOptions {
  /** With version, such as https://compute.googleapis.com/compute/v1. */
  readonly url: string;
  readonly project: string;
  /** How long a call is tried again that is throttled or not answered. */
  readonly patienceMs: number;
  /** The value of Authorization; undefined where none is sent. */
  authorization(): Promise<string | undefined>;
}

/**
 * Compute Engine's REST API, of one project. Calls are tried again, with pauses that grow and are never the same, while
 * the cloud does not answer, throttles or fails: so whatever changes something has to carry a requestId.
 */
export class Api {
  constructor(private readonly options: ApiOptions) {}

  /** @throws Refusal; Unanswered; ReveilleError CLOUD_DENIED without credentials. */
  async call<T>(call: Call): Promise<T> {
    const { signal } = call;
    const deadline = performance.now() + this.options.patienceMs;
    for (let tries = 0; ; tries++) {
      signal.throwIfAborted();
      const failed = await this.once<T>(call);
      if ('answer' in failed) return failed.answer;
      const { error, afterMs } = failed;
      if (error instanceof Refusal && !isThrottled(error)) throw error;
      const pauseMs = afterMs ?? backoffMs(tries);
      if (performance.now() + pauseMs > deadline) {
        const seconds = Math.round(this.options.patienceMs / 1000);
        throw new Unanswered(`for ${seconds} s Compute Engine did not do it: ${error.message}`);
      }
      await pause(pauseMs, signal);
    }
  }

  private async once<T>(call: Call): Promise<{ answer: T } | { error: Error; afterMs?: number }> {
    const { method, path, query = {}, body, signal, answerMs = ANSWER_MS } = call;
    const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
    const authorization = await this.options.authorization();
    try {
      const response = await fetch(this.url(path) + search, {
        method,
        headers: {
          accept: 'application/json',
          ...(authorization === undefined ? {} : { authorization }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
      });
      const text = await textOf(response);
      if (response.ok) return { answer: JSON.parse(text) as T };
      return { error: refusalOf(response.status, text), ...retryAfter(response) };
    } catch (error) {
      signal.throwIfAborted();
      const why = error instanceof Error ? String(error.cause ?? error.message) : String(error);
      return { error: new Error(`Compute Engine does not answer: ${why}`) };
    }
  }

  private url(path: string): string {
    const { url, project } = this.options;
    return `${url.replace(/\/+$/, '')}/projects/${encodeURIComponent(project)}/${path}`;
  }
}

/** The pause before a call is tried again: it grows, up to 5 s. @param tries that have failed before this one. */
export const backoffMs = (tries: number): number =>
  jittered(Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS));

/** Between half of it and all of it: whoever began together does not go on together. */
export const jittered = (ms: number): number => ms * (0.5 + Math.random() / 2);

function retryAfter({ headers }: Response): { afterMs?: number } {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return seconds >= 0 ? { afterMs: jittered(2 * Math.min(1000 * seconds, LONGEST_PAUSE_MS)) } : {};
}

/** https://cloud.google.com/apis/design/errors: as JSON, with the reason of the first error within. */
function refusalOf(status: number, text: string): Refusal {
  try {
    const { error } = JSON.parse(text) as {
      error: { message?: string; errors?: { reason?: string }[] };
    };
    const reason = error.errors?.[0]?.reason ?? '';
    return new Refusal(status, reason, `Compute Engine refused (${reason || status}): ${error.message}`);
  } catch {
    return new Refusal(status, '', `Compute Engine answered with ${status}`);
  }
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES)
      throw new ReveilleError('INTERNAL', `an answer of Compute Engine is larger than ${MOST_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
