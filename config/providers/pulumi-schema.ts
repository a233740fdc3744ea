import { z } from 'zod';
import { span } from '../units.js';
import { environment, flag, reference, secret } from '../values.js';
import { wants } from '../wording.js';
import {
  awsContainerArgs,
  awsVmArgs,
  eucalyptusVmArgs,
  gcpContainerArgs,
  gcpVmArgs,
  localArgs,
} from './pulumi-args.js';

const MINUTE = 60_000;
const PROJECT = wants('a project', 'letters, digits, hyphens, underscores and dots');
const OWN = wants(
  'a template',
  'local, aws-vm, aws-container, eucalyptus-vm, gcp-vm, gcp-container, or the path of a module such as ./vm.mjs',
);

const pulumiCommon = {
  /** URL of the state backend, such as s3://bucket. Default: files in the state folder. */
  backend: reference.optional(),
  /** What secrets in the state are encrypted with. Default: one that is made at first use and kept in the state folder. */
  passphrase: secret.optional(),
  /** Pulumi's project: the same stack name in another project is another stack. */
  project: z
    .string({ error: PROJECT })
    .regex(/^[\w.-]{1,100}$/, { error: PROJECT })
    .default('reveille'),
  /** Added to the worker's own environment for Pulumi and its plugins, such as credentials by reference. */
  env: environment,
  /** Bound of one operation of Pulumi; boot.timeout bounds the boot as a whole. */
  timeout: span.default(10 * MINUTE),
  /** From its interruption, upon which what is under way is ended in order, to the end of all its processes. */
  grace: span.default(MINUTE / 2),
  /** Settings of the instance's provider, beside those that the template gives, such as credentials for ec2. */
  instance: z.record(z.string(), z.unknown()).default({}),
  /** Nobody else gets the instance's address while it sleeps: else lease.stretch has to be 0. */
  keepsAddress: flag().default(false),
};

const ofTemplate = <Name extends string, Args extends z.ZodType>(name: Name, args: Args) =>
  z.strictObject({ template: z.literal(name), args, ...pulumiCommon });

/** Settings of the provider `pulumi`. */
export const pulumiSettings = z.union([
  // Its template aborts: else the union takes it for the one case that nearly fits, whatever the template is.
  z.strictObject({
    /** What is created: one of ours by name, or the path of a module of your own, relative to the configuration file. */
    template: z.string({ error: OWN }).regex(/\//, { error: OWN, abort: true }),
    /** Arguments of the template. Those of ours: at the end of this page. */
    args: z.record(z.string(), z.unknown()).default({}),
    ...pulumiCommon,
  }),
  ofTemplate('local', localArgs.prefault({})),
  ofTemplate('aws-vm', awsVmArgs),
  ofTemplate('aws-container', awsContainerArgs),
  ofTemplate('eucalyptus-vm', eucalyptusVmArgs),
  ofTemplate('gcp-vm', gcpVmArgs),
  ofTemplate('gcp-container', gcpContainerArgs),
]);
export type PulumiSettings = z.output<typeof pulumiSettings>;
