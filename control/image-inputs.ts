/** What callers may send about images. */
import { z } from 'zod';
import { imageSourceShape } from '../config/index.js';

/** Of an image: its key, digest or GUID, or how one of them begins. */
export const IMAGE_NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$/;

const place = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/, 'expected the name of a host')
  .meta({ description: 'The host whose cache is meant. Default: the one that is asked.' })
  .optional();

export const imageQueries = { place: z.strictObject({ place }) } as const;
export const imageBodies = {
  add: z.strictObject({ ...imageSourceShape, place }),
  seed: z.strictObject({ place, on: z.boolean().default(true) }),
  collect: z.strictObject({ place, all: z.boolean().default(false) }),
} as const;
