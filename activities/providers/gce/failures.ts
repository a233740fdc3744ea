import { type ErrorCode, isReveilleError, ReveilleError } from '../../../errors/index.js';

/** What Compute Engine answered instead of doing what it was asked for. */
export class Refusal extends Error {
  /**
   * @param status of HTTP; 0 where an operation failed that had been accepted.
   * @param reason as the API has it, such as quotaExceeded, or the code of an operation's error, such as QUOTA_EXCEEDED.
   */
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

/** No answer, or none but "later", for the whole of `patience`. */
export class Unanswered extends Error {}

const THROTTLED = /^(rate_?limit_?exceeded|user_?rate_?limit_?exceeded)$/i;
const BUSY =
  /^(resourceNotReady|RESOURCE_NOT_READY|RESOURCE_OPERATION_RATE_EXCEEDED|INTERNAL_ERROR|backendError)$/;
const NO_CAPACITY = /^(zone_)?resource_pool_exhausted|^stockout$/i;
const QUOTA = /^(quota_?exceeded|limit_?exceeded)$/i;
const DENIED = /permission|forbidden|access_?denied|accessNotConfigured|authError/i;

/** Whether the same call may work a little later, and this one did nothing. */
export const isThrottled = ({ status, reason }: Refusal): boolean =>
  status === 429 || status >= 500 || (status === 403 && THROTTLED.test(reason));

/** Whether the machine was busy with something else: whoever looks again may find it ready. */
export const isBusy = ({ status, reason }: Refusal): boolean =>
  status === 409 || status === 412 || BUSY.test(reason);

export const isMissing = (error: unknown): boolean => error instanceof Refusal && error.status === 404;
export const hasNoCapacity = ({ reason }: Refusal): boolean => NO_CAPACITY.test(reason);
/** Quotas are those of a region. */
export const isOverQuota = ({ reason }: Refusal): boolean => QUOTA.test(reason);

/**
 * Gives what the cloud refuses, and a cloud that does not answer, a name of the catalogue.
 * @param code STOP_FAILED where every failure is one, else of what nothing else names.
 * @param mask replaces secrets: the cloud's words may repeat metadata, and go into histories.
 */
export async function named<T>(
  code: ErrorCode,
  work: Promise<T>,
  mask: (text: string) => string = (text) => text,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isReveilleError(error)) throw error;
    const found = codeOf(error);
    if (found === undefined) throw error;
    const message = mask(error instanceof Error ? error.message : String(error));
    throw new ReveilleError(code === 'STOP_FAILED' ? code : (found ?? code), message);
  }
}

/** @returns undefined for what is no failure of the cloud; null for one without a name of its own. */
function codeOf(error: unknown): ErrorCode | null | undefined {
  if (error instanceof Unanswered) return 'CLOUD_UNREACHABLE';
  if (!(error instanceof Refusal)) return undefined;
  const { status, reason } = error;
  if (hasNoCapacity(error)) return 'CLOUD_NO_CAPACITY';
  if (isOverQuota(error)) return 'CLOUD_QUOTA';
  if (isThrottled(error)) return 'CLOUD_UNREACHABLE';
  if (status === 401 || status === 403 || DENIED.test(reason)) return 'CLOUD_DENIED';
  if (status === 400 || status === 404 || /^(INVALID|RESOURCE_NOT_FOUND)/i.test(reason))
    return 'CLOUD_INVALID';
  return null;
}
