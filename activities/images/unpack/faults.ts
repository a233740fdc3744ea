import { ReveilleError } from '../../../errors/index.js';

/** The bytes are not what an archive of their kind is. */
export const badArchive = (why: string, cause?: unknown): ReveilleError =>
  new ReveilleError('IMAGE_ARCHIVE_INVALID', why, cause === undefined ? {} : { cause });

/** An entry of an archive leads out of its folder, or is of a kind that is not made. */
export const unsafe = (why: string): ReveilleError => new ReveilleError('IMAGE_ARCHIVE_UNSAFE', why);

/** The bytes are not of the type that was said. */
export const wrongType = (why: string): ReveilleError => new ReveilleError('IMAGE_TYPE_MISMATCH', why);
