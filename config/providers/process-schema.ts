import { z } from 'zod';
import { imagesByName } from '../image-schema.js';
import { duration, size } from '../units.js';
import { command, environment, text } from '../values.js';

const SECOND = 1000;

/** Settings of the provider `process`. */
export const processSettings = z.strictObject({
  /** The program and its arguments; no shell is in between. */
  command,
  /** Added to the worker's own environment. */
  env: environment,
  /** Images that it needs, by name: REVEILLE_IMAGE_NAME is the path of the file (or folder) of each. */
  images: imagesByName,
  /** Folder that the command starts in. Relative to the configuration file's folder. */
  cwd: text('a folder').default('.'),
  /** The user that the command runs as: needs a worker that is root. Default: the worker's own. */
  user: text('a user name').optional(),
  /** From SIGTERM to SIGKILL. */
  grace: duration.default(10 * SECOND),
  /** Bound of the log file; one older file of the same size is kept beside it. */
  logSize: size.default(1_000_000),
});
