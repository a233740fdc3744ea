import { ReveilleError } from '../../errors/index.js';
import { hasCode } from '../host/atomic.js';

/** A full disk by its name; whatever else it is, as it is. */
export function namedDiskError(error: unknown): unknown {
  if (!hasCode(error, 'ENOSPC') && !hasCode(error, 'EDQUOT')) return error;
  return new ReveilleError('IMAGE_NO_SPACE', 'Insufficient storage: the disk is full', { cause: error });
}
