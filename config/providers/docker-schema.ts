import { z } from 'zod';
import { fileOrImage } from '../image-schema.js';
import { duration, size } from '../units.js';
import { command, environment, port, text, whole } from '../values.js';
import { wants } from '../wording.js';

const SECOND = 1000;
const MOUNT = wants(
  'a mount',
  'SOURCE:TARGET or SOURCE:TARGET:ro, with a folder or the name of a volume as SOURCE',
);
const CPUS = wants('a number of processors', 'a number above zero such as 0.5 or 2');
const LABEL = wants('a label', 'NAME=VALUE such as app=web');

const healthcheck = z.strictObject({
  /** Run in the container; exit code 0 says healthy. */
  command,
  /** Between two of them. */
  interval: duration.default(SECOND),
  /** Bound of one of them. */
  timeout: duration.default(30 * SECOND),
  /** So many failures in a row say unhealthy. */
  retries: whole(1).default(30),
  /** Failures from the start on that do not count. */
  startPeriod: duration.default(0),
});

/** Settings of the provider `docker`. */
export const dockerSettings = z.strictObject({
  /** Creates a container from this image. One of image, container, label and compose. */
  image: text('an image').optional(),
  /**
   * An archive of `docker save` that the image is loaded from where the engine does not have it: its file, or where
   * it is fetched from. An OCI archive will do as well; one of `type: filesystem` is imported.
   */
  load: fileOrImage.optional(),
  /** When the image is pulled from its registry. */
  pull: z.enum(['missing', 'always', 'never']).default('missing'),
  /** A container that exists, by its name: Reveille starts and stops it, and never creates or removes it. */
  container: text('the name of a container').optional(),
  /** The one container that exists with this label. */
  label: z
    .string({ error: LABEL })
    .regex(/^[^=\s]+=.*$/, { error: LABEL })
    .optional(),
  /** All containers of this compose project that exist: they start in the order of their dependencies. */
  compose: text('the name of a compose project').optional(),
  /** The service of the compose project that answers. */
  service: text('a service').optional(),
  /** Instead of the image's command. */
  command: command.optional(),
  /** Instead of the image's entrypoint. */
  entrypoint: command.optional(),
  /** Environment of the container. PORT is added where it shares the host's network. */
  env: environment,
  /** User, and group if any, within the container. */
  user: text('a user').optional(),
  /** Folder within the container that the command starts in. */
  workdir: text('a folder').optional(),
  /** Port that the container listens on. Not needed with `network: host`, where endpoint.port is handed over as PORT. */
  port: port.optional(),
  /** How the port is reached: published at endpoint.host, or at the container's own address in its network. */
  reach: z.enum(['published', 'address']).default('published'),
  /** Folders of this machine and volumes that the container sees. Relative to the configuration file's folder. */
  mounts: z.array(z.string({ error: MOUNT }).regex(/^[^:]+:\/[^:]*(:ro)?$/, { error: MOUNT })).default([]),
  /** Bound of its memory, swap included: beyond it, the kernel kills. */
  memory: size.optional(),
  /** Bound of its processor time. */
  cpus: z.number({ error: CPUS }).positive({ error: CPUS }).optional(),
  /** Graphics processors: all, or how many. */
  gpus: z
    .union([z.literal('all'), whole(1)], { error: wants('a number of processors', 'all, or 1') })
    .optional(),
  /** Network that it joins. Default: the engine's bridge. */
  network: text('a network').optional(),
  /** Honoured before the health check of Reveille. Default: the image's, or the container's, where it has one. */
  healthcheck: z
    .union([z.literal('none'), healthcheck], {
      error: wants('a health check', 'none, or { command: [...] }'),
    })
    .optional(),
  /** From the stop signal to SIGKILL. */
  grace: duration.default(10 * SECOND),
  /** Bound of the log that the engine keeps; one older file of the same size is kept beside it. */
  logSize: size.default(1_000_000),
  /** Address of the engine: unix:///PATH or tcp://HOST:PORT. Default: DOCKER_HOST, or the engine of this machine. */
  engine: z
    .string()
    .regex(/^(unix:\/\/\/\S+|tcp:\/\/\S+:\d+)$/, {
      error: wants('an engine', 'unix:///PATH or tcp://HOST:PORT'),
    })
    .optional(),
});
