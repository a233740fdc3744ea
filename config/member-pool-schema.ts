import { z } from 'zod';
import { memberPoolSettings } from './pool-schema.js';
import { route } from './resource-schema.js';

/** A pool of resources that are named one by one. */
export const memberPoolSchema = z.strictObject({
  ...memberPoolSettings,
  /** How requests find it. */
  routes: z.array(route).default([]),
});
export type MemberPoolDefinition = z.output<typeof memberPoolSchema>;
