import { z } from 'zod';
import { duration, span } from './units.js';
import { text, webUrl } from './values.js';
import { wants } from './wording.js';

const SECOND = 1000;
const HOUR = 3_600_000;

const BUCKET = wants('a bucket', 'the name of a bucket such as my-images');
const FAMILY = wants('a family of images', '1 to 63 of a-z, 0-9 and inner hyphens, beginning with a letter');

/** How disks become images of Compute Engine. */
export const gceImageSettings = z.strictObject({
  /** The project that gets the image. */
  project: text('a project'),
  /** Of Cloud Storage: the disk is put there as a .tar.gz, imported, and removed. */
  bucket: z.string({ error: BUCKET }).regex(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, { error: BUCKET }),
  /** Its newest image is used by whoever asks for the family. */
  family: z
    .string({ error: FAMILY })
    .regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, { error: FAMILY })
    .optional(),
  /** Of the image's processors. */
  architecture: z.enum(['x86_64', 'arm64']).default('x86_64'),
  /** What the system in it can do, such as UEFI_COMPATIBLE or GVNIC. */
  guestOsFeatures: z.array(text('a feature')).default([]),
  /** File of credentials. Relative to the configuration file's folder. Default: those of the worker's environment. */
  credentials: text('a file').optional(),
  /** Of Compute Engine. Without https no credentials are sent. */
  api: webUrl.default('https://compute.googleapis.com/compute/v1'),
  /** Of Cloud Storage. Without https no credentials are sent. */
  storage: webUrl.default('https://storage.googleapis.com'),
  /** How long a call is tried again that is throttled or not answered. */
  patience: duration.default(120 * SECOND),
  /** Bound of upload and import. */
  timeout: span.default(HOUR),
});
export type GceImageSettings = z.output<typeof gceImageSettings>;
