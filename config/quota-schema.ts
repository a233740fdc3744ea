/** Bounds that hold for all hosts together. */
import { z } from 'zod';
import { whole } from './values.js';

/** One provider's entry of `quotas`. */
export const quotaSchema = z.strictObject({
  /** Resources awake at the same time. Others wait for one to fall asleep. Default: no bound. */
  awake: whole(1).optional(),
  /** Boots at the same time. Default: no bound but those of the workers. */
  boots: whole(1).optional(),
});
export type Quota = z.output<typeof quotaSchema>;
