import { ReveilleError } from '../errors/index.js';
import type { ReadyState } from '../workflows/messages.js';
import type { Watching } from './waiter.js';

const RETRY_MS = 10_000;

/** Why a client that was held for as long as it may is let go: what is wrong, or how far the boot is. */
export function holdError(name: string, { trouble, state }: Watching): ReveilleError {
  if (trouble) return trouble;
  const phase = state ? ` (it is ${state.phase}${placeInWords(state)})` : '';
  const message = `${name} did not become ready within the hold time${phase}`;
  return new ReveilleError('HOLD_TIMEOUT', message, { retryInMs: RETRY_MS });
}

function placeInWords({ progress: { ahead } }: ReadyState): string {
  return ahead === undefined
    ? ''
    : `, waiting for a place among those of its provider, with ${ahead} before it`;
}
