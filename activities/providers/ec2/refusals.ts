import { type ErrorCode, isReveilleError, ReveilleError } from '../../../errors/index.js';

/**
 * What the cloud's answer means for whoever asked:
 * `again` later; `capacity` and `quota`: perhaps elsewhere; `denied`: not with these credentials; `gone`: no such
 * instance; `state`: not in its present state; `mismatch`: the token was used for something else; `invalid`: never.
 */
export type Meaning =
  | 'again'
  | 'capacity'
  | 'quota'
  | 'denied'
  | 'gone'
  | 'state'
  | 'mismatch'
  | 'unsupported'
  | 'invalid';

/** By the cloud's error codes ("Error codes for the Amazon EC2 API"). */
const MEANINGS: readonly (readonly [RegExp, Meaning])[] = [
  [/^(Request(LimitExceeded|Throttled|Timeout)|Throttling(Exception)?|SlowDown)$/, 'again'],
  [/^(Internal(Error|Failure)|(Service)?Unavailable|ConcurrentTagAccess)$/, 'again'],
  [/^(Insufficient\w*|Unsupported|SpotMaxPriceTooLow)$/, 'capacity'],
  [/(LimitExceeded|CountExceeded|QuotaExceeded)$/, 'quota'],
  [/^(UnauthorizedOperation|AuthFailure|AccessDenied(Exception)?|Blocked|OptInRequired)$/, 'denied'],
  [/^(InvalidClientTokenId|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken)$/, 'denied'],
  [/^(RequestExpired|ExpiredToken(Exception)?|UnrecognizedClientException|PendingVerification)$/, 'denied'],
  [/^(CredentialsProviderError|TokenProviderError|InvalidAccessKeyId)$/, 'denied'],
  [/^Invalid(InstanceID|AMIID|Snapshot)\.(NotFound|Unavailable)$/, 'gone'],
  [/^Incorrect(Instance)?State$/, 'state'],
  [/^IdempotentParameterMismatch$/, 'mismatch'],
  [/^Unsupported(Operation|HibernationConfiguration)$/, 'unsupported'],
];

const CODES: Readonly<Record<Meaning, ErrorCode>> = {
  again: 'CLOUD_UNREACHABLE',
  capacity: 'CLOUD_NO_CAPACITY',
  quota: 'CLOUD_QUOTA',
  denied: 'CLOUD_DENIED',
  gone: 'CLOUD_INVALID',
  state: 'CLOUD_INVALID',
  mismatch: 'CLOUD_INVALID',
  unsupported: 'CLOUD_INVALID',
  invalid: 'CLOUD_INVALID',
};
const MAX_CHARS = 500;

/** A call that the cloud did not do, or of which nobody knows whether it did. */
export class Refusal extends Error {
  constructor(
    readonly meaning: Meaning,
    message: string,
    cause: unknown,
  ) {
    super(message, { cause });
  }

  /** In the words of the catalogue. */
  named(code: ErrorCode = CODES[this.meaning]): ReveilleError {
    return new ReveilleError(code, this.message, { cause: this.cause });
  }
}

/**
 * Reads what a call has failed with.
 * @param call its name, for people. @param mask replaces secrets: the answer may repeat what was sent.
 * @returns anything that is no answer of a cloud as it is.
 */
export function refusalOf(error: unknown, call: string, mask: (text: string) => string): unknown {
  if (!(error instanceof Error) || isReveilleError(error) || isMistake(error)) return error;
  const { status, code } = answerOf(error);
  // An encoded message is for those who may decode it, and longer than all else.
  const said = error.message.replace(/ ?Encoded authorization failure message: \S+/, '');
  const message = `${call}: ${mask(`${code}: ${said}`).slice(0, MAX_CHARS)}`;
  const known = MEANINGS.find(([pattern]) => pattern.test(code))?.[1];
  // Without a status nothing was answered; 5xx: whether it was done is open.
  const meaning = known ?? (status === undefined || status >= 500 ? 'again' : 'invalid');
  return new Refusal(meaning, message, error);
}

export const isRefusal = (error: unknown, ...meanings: Meaning[]): error is Refusal =>
  error instanceof Refusal && (meanings.length === 0 || meanings.includes(error.meaning));

/** An error of the program's own is no answer. */
const isMistake = (error: Error): boolean =>
  error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;

function answerOf(error: Error): { status: number | undefined; code: string } {
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  const status =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
      ? metadata.httpStatusCode
      : undefined;
  const system = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return { status: typeof status === 'number' ? status : undefined, code: system };
}
