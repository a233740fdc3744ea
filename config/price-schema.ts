import { z } from 'zod';
import { wants } from './wording.js';

const MONEY = wants('an amount of money', 'a number of at least 0, such as 0.0416');
const CURRENCY = wants('a currency', 'three capital letters, such as EUR or USD');

/** What a resource costs. */
export const priceSchema = z.strictObject({
  /** While it is awake, each hour. */
  perHour: z.number({ error: MONEY }).min(0, { error: MONEY }),
  /** Its ISO 4217 code. Nothing is converted. */
  currency: z.string({ error: CURRENCY }).regex(/^[A-Z]{3}$/, { error: CURRENCY }),
});
