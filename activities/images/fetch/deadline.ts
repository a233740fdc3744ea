import { ReveilleError } from '../../../errors/index.js';

/** Runs something that is aborted, with IMAGE_TIMEOUT, when its time is over, or with the outer signal. */
export async function withDeadline<T>(
  outer: AbortSignal,
  ms: number,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const timer = setTimeout(
    () => own.abort(new ReveilleError('IMAGE_TIMEOUT', `an image was not fetched within ${ms} ms`)),
    ms,
  );
  try {
    return await run(AbortSignal.any([outer, own.signal]));
  } finally {
    clearTimeout(timer);
  }
}
