import { z } from 'zod';
import { ec2Account } from '../ec2-account.js';
import { cloudImage } from '../image-schema.js';
import { duration, size, span } from '../units.js';
import { flag, port, reference, text } from '../values.js';
import { wants } from '../wording.js';

const SECOND = 1000;
const GIB = 1024 ** 3;
const INSTANCE = wants('an instance id', 'an id such as i-0123456789abcdef0');
const TYPES = wants('a machine type', 'a type such as t3.micro, or a list of them');
const PRICE = wants('a price', 'true, or { maxPrice: "0.05" } in dollars an hour');
const TAGS = wants('tags', 'a mapping of names to texts, such as { Name: web }');
/** Length bounds of EC2's tags; names that begin with aws: are its own, those with reveille: ours. */
const tags = z.record(
  z
    .string()
    .regex(/^(?!aws:|reveille:).{1,128}$/, { error: wants('a tag', 'a name without aws: or reveille:') }),
  z.string({ error: TAGS }).max(256, { error: wants('the value of a tag', 'at most 256 characters') }),
);

const bootDisk = z.strictObject({
  /** Of the disk that it boots from, rounded up to whole GiB. Default: that of the image. */
  size: size.transform((bytes) => Math.ceil(bytes / GIB)).optional(),
  /** Such as gp3. Default: that of the image. */
  type: text('a volume type').optional(),
  /** Default: that of the image and the account. */
  encrypted: flag().optional(),
});

const spotPrice = z.strictObject({
  /** The most that is paid for an hour, in dollars. Default: the price without spot. */
  maxPrice: z.string().regex(/^\d+(\.\d+)?$/, { error: PRICE }),
});

/** Settings of the provider `ec2`. */
export const ec2Settings = z.strictObject({
  ...ec2Account,
  /** An instance that exists: it is started and stopped, never terminated. One of instance, find and image. */
  instance: z
    .string({ error: INSTANCE })
    .regex(/^i-[0-9a-zA-Z]+$/, { error: INSTANCE })
    .optional(),
  /** The one instance that exists with all these tags: it is started and stopped, never terminated. */
  find: tags.refine((all) => Object.keys(all).length > 0, TAGS).optional(),
  /**
   * Creates an instance from this image: its id (ami-…, emi-…), or a disk by URL, which is fetched and registered once
   * with the place `register`, of the same region.
   */
  image: cloudImage.optional(),
  /** Kernel that it boots, where the image does not say (aki-…, eki-…). */
  kernel: text('a kernel').optional(),
  /** Ramdisk that it boots with (ari-…, eri-…). */
  ramdisk: text('a ramdisk').optional(),
  /** Machine types: where the first is not to be had, the next is tried. */
  type: z
    .union([text('a machine type').transform((one) => [one]), z.array(text('a machine type')).min(1)], {
      error: TYPES,
    })
    .optional(),
  /** Availability zones: where one has no room, the next is tried. Default: the cloud's choice. */
  zones: z.array(text('a zone')).min(1).optional(),
  /** Subnets instead of zones: where one has no room, the next is tried. */
  subnets: z.array(text('a subnet')).min(1).optional(),
  /** Name of the key pair that may log in. */
  key: text('a key pair').optional(),
  /** Security groups: ids (sg-…), or names where the account has networks without subnets. */
  securityGroups: z.array(text('a security group')).default([]),
  /** Whether it gets a public address. Default: what the subnet says. */
  publicAddress: flag().optional(),
  /** Given to the instance, which runs it as cloud-init does: a text, or ${file:user-data.sh}. */
  userData: reference.optional(),
  /** The disk that it boots from. All disks of the image go when the instance is terminated. */
  disk: bootDisk.optional(),
  /** Spare capacity, which the cloud may take back: then another is started. Its stop is a termination. */
  spot: z.union([z.literal(true), spotPrice], { error: PRICE }).optional(),
  /** Name or ARN of the instance profile: what the instance itself may do. */
  instanceProfile: text('an instance profile').optional(),
  /** Tags of what is created, beside those of Reveille. */
  tags: tags.default({}),
  /** Port that the instance listens on. */
  port,
  /** How workers and proxies reach it: private address, public address, or DNS name (public, else private). */
  address: z.enum(['private', 'public', 'dns']).default('private'),
  /** Nobody else gets that address while it sleeps: an Elastic IP, or the private one of an instance that exists. */
  keepsAddress: flag().default(false),
  /** Between two looks at instances that start or stop; one look serves all resources of a worker. */
  interval: span.default(2 * SECOND),
  /** Between two looks at instances that should run: so soon one that was interrupted is noticed. */
  watch: span.default(15 * SECOND),
  /** Bound of one call. */
  timeout: span.default(10 * SECOND),
  /** How long calls that were throttled or not answered are tried again within a step. */
  patience: span.default(120 * SECOND),
  /** How long the cloud may take to tell of what it was asked to create. */
  settle: duration.default(10 * SECOND),
});
