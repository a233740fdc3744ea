import { z } from 'zod';
import { ec2Account } from './ec2-account.js';
import { duration, span } from './units.js';
import { command, environment, flag, text } from './values.js';

const SECOND = 1000;
const HOUR = 3_600_000;

/** How disks become images of a cloud with EC2's interface. */
export const ec2ImageSettings = z.strictObject({
  ...ec2Account,
  /**
   * Puts the file IMAGE_PATH where the cloud imports from, and prints its s3:// or https:// URL as its first line. It
   * finds the image in IMAGE_* variables, and may run again after it was cut off.
   */
  upload: command,
  /** Removes what was uploaded, once it is imported: IMAGE_UPLOADED is its URL. Default: it is left. */
  discard: command.optional(),
  /** Added to the environment of both. */
  env: environment,
  /** Kernel that its instances boot (aki-…, eki-…). Default: that in the image. */
  kernel: text('a kernel').optional(),
  /** Ramdisk that they boot with (ari-…, eri-…). */
  ramdisk: text('a ramdisk').optional(),
  /** Of the image's processors. */
  architecture: z.enum(['x86_64', 'arm64', 'i386']).default('x86_64'),
  /** paravirtual: for kernels of its own at sites that have those. */
  virtualization: z.enum(['hvm', 'paravirtual']).default('hvm'),
  /** What the disk is called. */
  rootDevice: text('a device').default('/dev/sda1'),
  /** The image has the driver of AWS's network (ENA), which newer machine types need. */
  ena: flag().default(false),
  /** Bound of one call. */
  callTimeout: span.default(10 * SECOND),
  /** How long a call is tried again that is throttled or not answered. */
  patience: duration.default(120 * SECOND),
  /** Between two looks at the import. */
  interval: span.default(5 * SECOND),
  /** Bound of upload and import. */
  timeout: span.default(HOUR),
});
