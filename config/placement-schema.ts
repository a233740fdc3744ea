import { z } from 'zod';
import { flag, text } from './values.js';
import { wants } from './wording.js';

const HOSTS = wants('a list of hosts', 'a list of names as in worker.host, such as [one, two]');

/** On which of several workers' hosts a resource runs, where its provider's instances live on the worker's host. */
export const placementSchema = z.strictObject({
  /**
   * Names as in worker.host. It boots where it was awake last, else on the first that has a worker. Default: whichever
   * worker looks first.
   */
  hosts: z.array(text('a name'), { error: HOSTS }).min(1, { error: HOSTS }).optional(),
  /**
   * Whether it boots on another host when the one that it runs on has no worker any more. That host is then taken for
   * dead: one that is only cut off, or whose worker alone has died, runs its instance on until its worker is back.
   */
  moves: flag().default(false),
});
