import type { ReveilleError } from '../../../errors/index.js';

/** A failure that may be over at the next attempt at the same mirror. */
export class Passing extends Error {
  constructor(
    readonly error: ReveilleError,
    /** What the server asked to wait, in ms. */
    readonly afterMs = 0,
  ) {
    super(error.message);
  }
}
