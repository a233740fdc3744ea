import { catalogue, type ErrorCode } from './catalogue.js';

export interface ReveilleErrorOptions {
  cause?: unknown;
  /** Milliseconds after which trying again makes sense: becomes Retry-After. */
  retryInMs?: number;
  /** Bounded, masked last lines of the instance's log. Shown to clients only where allowed. */
  log?: string;
  /** How to become known, as the value of WWW-Authenticate (RFC 9110 11.6.1). */
  challenge?: string;
  /** With STALE_GENERATION: the generation that is younger than the one that was asked for. */
  younger?: number;
}

/** An error as RFC 9457 (problem details for HTTP APIs) puts it. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  remedy: string;
  /** Milliseconds. */
  retryIn?: number;
  log?: string;
  requestId?: string;
}

/** An error with a name from the catalogue. `message` says what happened here, and where. */
export class ReveilleError extends Error {
  override readonly name = 'ReveilleError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly remedy: string;
  readonly retryInMs: number | undefined;
  readonly log: string | undefined;
  readonly challenge: string | undefined;
  readonly younger: number | undefined;

  constructor(code: ErrorCode, message?: string, options: ReveilleErrorOptions = {}) {
    super(
      message ?? catalogue[code].title,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.status = catalogue[code].status;
    this.remedy = catalogue[code].remedy;
    this.retryInMs = options.retryInMs;
    this.log = options.log;
    this.challenge = options.challenge;
    this.younger = options.younger;
  }

  /**
   * The error as problem+json.
   * @param showLog whether this client may see the log's tail.
   */
  toProblem(showLog: boolean, requestId?: string): Problem {
    return {
      type: `urn:reveille:error:${this.code.toLowerCase()}`,
      title: catalogue[this.code].title,
      status: this.status,
      detail: this.message,
      code: this.code,
      remedy: this.remedy,
      ...(this.retryInMs === undefined ? {} : { retryIn: this.retryInMs }),
      ...(showLog && this.log !== undefined ? { log: this.log } : {}),
      ...(requestId === undefined ? {} : { requestId }),
    };
  }
}

export function isReveilleError(error: unknown): error is ReveilleError {
  return error instanceof ReveilleError;
}
