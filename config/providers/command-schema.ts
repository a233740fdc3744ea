import { z } from 'zod';
import { imagesByName } from '../image-schema.js';
import { size, span } from '../units.js';
import { command, environment, flag, text } from '../values.js';
import { wants } from '../wording.js';

const detailed = z.strictObject({
  /** The program and its arguments; no shell is in between. */
  run: command,
  /** SIGTERM after this time, SIGKILL 10 s later. Default: that of all commands. */
  timeout: span.optional(),
  /** Who runs it. Default: that of all commands. */
  user: text('a user name').optional(),
  /** Added to that of all commands. */
  env: environment,
});
const STEP = wants('a command', '[program, argument] or { run: [program, argument], timeout: 30s }');
const step = z.union([command, detailed], { error: STEP });
export type CommandStep = z.output<typeof step>;

/** Settings of the provider `command`. All commands see REVEILLE_*. */
export const commandSettings = z.strictObject({
  /** Exit code 0 says that it runs: then it is not started. Default: nobody knows, so start is run. */
  check: step.optional(),
  /** Starts it, and prints `IP PORT` as its first line where `endpoint.port` is auto. Sees SOCAT_* of the client. */
  start: step,
  /** Stops it; tried again until its exit code is 0. Default: nothing has to be done. */
  stop: step.optional(),
  /** How often check is asked while it boots: a failure fails the boot. Default: never, as most fail until it is done. */
  watch: span.optional(),
  /** Start is run for each connection, in turn, and its first line is the endpoint of that connection alone. */
  perConnection: flag().default(false),
  /** Bound of each command. Default: none but that of the step, such as boot.timeout. */
  timeout: span.optional(),
  /** Added to the worker's own environment. */
  env: environment,
  /** Images that they need, by name: REVEILLE_IMAGE_NAME is the path of the file (or folder) of each. */
  images: imagesByName,
  /** Folder that the commands start in. Relative to the configuration file's folder. */
  cwd: text('a folder').default('.'),
  /** The user that runs them: needs a worker that is root. Default: the worker's own. */
  user: text('a user name').optional(),
  /** Bound of the log file; one older file of the same size is kept beside it. */
  logSize: size.default(1_000_000),
});
