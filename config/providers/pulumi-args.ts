/** Arguments of the templates that Reveille brings, for the provider `pulumi`. */
import { z } from 'zod';
import { isAddressOrBlock } from '../addresses.js';
import { size, span } from '../units.js';
import { command, environment, flag, port, reference, text, webUrl } from '../values.js';
import { wants } from '../wording.js';

const SECOND = 1000;
const GIB = 1024 ** 3;
const ALLOW = wants('a block of addresses', 'a CIDR block such as 10.0.0.0/8, or "world" for everybody');

/** Whoever else knows the address does not get in: a port is open to nobody unless somebody is named. */
const allowed = z
  .array(
    z
      .string({ error: ALLOW })
      .refine((one) => one === 'world' || (one.includes('/') && isAddressOrBlock(one)), ALLOW)
      .transform((one) => (one === 'world' ? '0.0.0.0/0' : one)),
  )
  .default([]);
const machineDisk = z.strictObject({
  /** Rounded up to whole GiB. Default: that of the image. */
  size: size.transform((bytes) => Math.ceil(bytes / GIB)).optional(),
  /** Such as gp3 or pd-ssd. Default: the cloud's. */
  type: text('a type of disks').optional(),
});
const containerArgs = {
  /** The image, as docker(1) names it. */
  container: text('an image'),
  /** Instead of the image's command. */
  command: command.optional(),
  /** Environment of the container. What references bring in is encrypted in Pulumi's state. */
  env: environment,
  /** That the application listens on in the container. */
  containerPort: port.default(80),
};

/** A folder with a small web application on the worker's machine: needs no cloud. */
export const localArgs = z.strictObject({
  /** Made for it, and removed with it. Relative to the configuration file's folder. Default: in the state folder. */
  folder: text('a folder').optional(),
  /** What the application answers. */
  message: text('a message').default('hello'),
});

const awsMachine = {
  /** Region, such as eu-central-1. */
  region: text('a region'),
  /** Such as t3.small. */
  type: text('a machine type').default('t3.micro'),
  /** Name of the key pair that may log in. Default: nobody. */
  key: text('a key pair').optional(),
  /** The subnet that it is in. Default: one of the default network. */
  subnet: text('a subnet').optional(),
  /** The network (vpc-…) of the subnet. Default: the default network. */
  vpc: text('a network').optional(),
  /** Who reaches the port: CIDR blocks, or "world". Default: nobody. */
  allow: allowed,
  /** Who reaches port 22, in the same way. Default: nobody. */
  allowSsh: allowed,
  /** Further security groups (sg-…). */
  securityGroups: z.array(text('a security group')).default([]),
  /** An address in the internet that stays its own while it sleeps. It costs while it sleeps. */
  elasticIp: flag().default(false),
  /** Which of its addresses is used. With elasticIp: public. */
  address: z.enum(['private', 'public']).default('private'),
  /** The disk that it boots from; always encrypted, and deleted together with the machine. */
  disk: machineDisk.prefault({}),
  /** Name of the instance profile: what the machine itself may do. */
  instanceProfile: text('an instance profile').optional(),
  /** Port that the instance listens on. */
  port: port.default(80),
};
/** A machine of AWS. */
export const awsVmArgs = z.strictObject({
  /** The image (ami-…) that it is made from. */
  image: text('an image'),
  /** Run by the machine at its first start, as cloud-init does, such as ${file:user-data.sh}. Encrypted in the state. */
  userData: reference.optional(),
  ...awsMachine,
});
/** A container on a machine of AWS of its own. */
export const awsContainerArgs = z.strictObject({
  /** The machine's image (ami-…): one with cloud-init and a package of Docker, such as Debian or Ubuntu. */
  image: text('an image'),
  /** That package. */
  dockerPackage: text('a package').default('docker.io'),
  ...containerArgs,
  ...awsMachine,
});
/** A machine of a Eucalyptus site, or another service that speaks EC2. */
export const eucalyptusVmArgs = z.strictObject({
  /** URL of its EC2 service. */
  endpoint: webUrl,
  /** As the site calls it. */
  region: text('a region').default('eucalyptus'),
  /** The image (emi-…), registered with the kernel and ramdisk that it needs. */
  image: text('an image'),
  /** As the site offers it. */
  type: text('a machine type').default('m1.small'),
  /** Name of the key pair that may log in. Default: nobody. */
  key: text('a key pair').optional(),
  /** The zone (cluster) that it is in. Default: the site's choice. */
  zone: text('a zone').optional(),
  /** Who reaches the port: CIDR blocks, or "world". Default: nobody. */
  allow: allowed,
  /**
   * A rule that lets the machine reach everybody, as it needs for updates. false: none is made, for sites without VPC
   * (network mode EDGE), which know no such rules and hold nothing back; at others it then reaches nobody.
   */
  egress: flag().default(true),
  /** Run by the machine at its first start. Encrypted in the state. */
  userData: reference.optional(),
  /** Which of its addresses is used. */
  address: z.enum(['private', 'public']).default('public'),
  /** Port that the instance listens on. */
  port: port.default(80),
  /** How long the site may take to create it. */
  patience: span.default(600 * SECOND),
});

const gcpMachine = {
  /** The project that the machine is in. */
  project: text('a project'),
  /** Such as europe-west3-a. */
  zone: text('a zone'),
  /** Such as e2-small. */
  machineType: text('a machine type').default('e2-small'),
  /** The network that it joins. */
  network: text('a network').default('default'),
  /** The subnetwork, in the zone's region. Default: the network's own. */
  subnetwork: text('a subnetwork').optional(),
  /** Who reaches the port: CIDR blocks, or "world". Default: nobody. */
  allow: allowed,
  /** Who reaches port 22, in the same way. Default: nobody. */
  allowSsh: allowed,
  /** In the internet: none, ephemeral (another one at each start), or static, which costs while it sleeps. */
  externalAddress: z.enum(['none', 'ephemeral', 'static']).default('none'),
  /** Spare capacity, which the cloud may take back. */
  spot: flag().default(false),
  /** The disk that it boots from; deleted together with the machine. */
  disk: machineDisk.prefault({}),
  /** Port that the instance listens on. */
  port: port.default(80),
};
/** A machine of Google Cloud. */
export const gcpVmArgs = z.strictObject({
  /** That it is made from, such as debian-cloud/debian-12. */
  image: text('an image').default('debian-cloud/debian-12'),
  /** Run by the machine at each start, such as ${file:startup.sh}. Encrypted in the state. */
  startupScript: reference.optional(),
  ...gcpMachine,
});
/** A container on a machine of Google Cloud of its own, which runs Container-Optimized OS. */
export const gcpContainerArgs = z.strictObject({ ...containerArgs, ...gcpMachine });

export type LocalArgs = z.output<typeof localArgs>;
export type AwsVmArgs = z.output<typeof awsVmArgs>;
export type AwsContainerArgs = z.output<typeof awsContainerArgs>;
export type EucalyptusVmArgs = z.output<typeof eucalyptusVmArgs>;
export type GcpVmArgs = z.output<typeof gcpVmArgs>;
export type GcpContainerArgs = z.output<typeof gcpContainerArgs>;
