import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { cloudImage } from '../image-schema.js';
import { duration, size, span } from '../units.js';
import { command, environment, flag, port, reference, text, webUrl, whole } from '../values.js';
import { wants } from '../wording.js';

const SECOND = 1000;

const fitting = (pattern: RegExp, noun: string, expected: string) => {
  const error = wants(noun, expected);
  return z.string({ error }).regex(pattern, { error });
};

const zone = fitting(/^[a-z]+(-[a-z0-9]+)+$/, 'a zone', 'a zone such as us-central1-a');
const machineName = fitting(
  /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/,
  'a name for a machine',
  '1 to 63 of a-z, 0-9 and inner hyphens, beginning with a letter',
);
const tag = fitting(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, 'a tag', 'a tag such as http-server');

const ADDRESS = wants(
  'an external address',
  'ephemeral, none, or a reserved IPv4 address such as 203.0.113.7',
);
const externalAddress = z.union(
  [z.enum(['ephemeral', 'none'], { error: ADDRESS }), z.string().refine(isIPv4, { error: ADDRESS })],
  { error: ADDRESS },
);

const container = z.strictObject({
  /** The image, as docker(1) names it. The machine pulls it with the rights of its service account. */
  image: text('an image'),
  /** Instead of the image's command. */
  command: command.optional(),
  /** Environment of the container. */
  env: environment,
  /** With all rights on the machine. */
  privileged: flag().default(false),
});

/** Settings of the provider `gce`. */
export const gceSettings = z.strictObject({
  /** The project that the machine is in. */
  project: fitting(/^([a-z0-9.-]+:)?[a-z]([-a-z0-9]{4,28}[a-z0-9])$/, 'a project', 'the id of a project'),
  /** Where the machine is, and where it is created. */
  zone,
  /** Further zones: tried in turn where a machine cannot be created in the first for want of capacity. */
  zones: z.array(zone).default([]),
  /**
   * Of the machine. A machine of that name that exists without Reveille is started and stopped, never deleted.
   * Default: the resource's name.
   */
  name: machineName.optional(),
  /**
   * Created from: a URL, projects/PROJECT/global/images/NAME, global/images/NAME of the own project, or the short name
   * of one of Debian's, such as family/debian-12; or a disk by URL, which is fetched and registered once with the place
   * `register`. Default: family/debian-12; with a container Container-Optimized OS.
   */
  image: cloudImage.optional(),
  /** Such as e2-small. */
  machineType: text('a machine type').default('n1-standard-1'),
  /** GPUs that are attached to it. Machine types that come with GPUs, such as g2-standard-4, need none here. */
  accelerators: z
    .strictObject({
      /** Such as nvidia-tesla-t4. */
      type: text('a type of accelerators'),
      /** How many of them. */
      count: whole(1, 16).default(1),
    })
    .optional(),
  /** By which firewall rules know it. */
  tags: z.array(tag).default(['http-server']),
  /** What the machine sees of its metadata. Secrets in it are seen by whoever may look at the machine. */
  metadata: environment,
  /** Run by the machine at each start, such as ${file:startup.sh}. */
  startupScript: reference.optional(),
  /** Where the machine fetches a script that it runs at each start: gs:// or https://. */
  startupScriptUrl: text('a URL').optional(),
  /** A container that the machine runs, with the network of the machine. */
  container: container.optional(),
  /** The disk that it boots from. */
  disk: z
    .strictObject({
      /** Default: the image's. */
      size: size.optional(),
      /** Such as pd-ssd. Default: the cloud's. */
      type: text('a type of disks').optional(),
      /** Deleted together with the machine. */
      autoDelete: flag().default(true),
    })
    .prefault({}),
  /** spot and preemptible cost a part of standard, and may be stopped at any time; preemptible after 24 h at the latest. */
  provisioning: z
    .enum(['spot', 'preemptible', 'standard'], {
      error: wants('a kind of machine', 'spot, preemptible or standard'),
    })
    .default('spot'),
  /**
   * While the cloud maintains its host the machine is moved to another one, or ended. Default: migrate for a standard
   * machine, terminate for others and for what has GPUs, which are never moved.
   */
  onHostMaintenance: z
    .enum(['migrate', 'terminate'], { error: wants('what becomes of the machine', 'migrate or terminate') })
    .optional(),
  /** What the machine may do in the name of its service account: URLs, or short names such as cloud-platform. */
  scopes: z.array(text('a scope')).default([]),
  /** Its address. Default: none; with scopes, the project's default. */
  serviceAccount: text('the address of a service account').optional(),
  /** The network that it joins. */
  network: text('a network').default('default'),
  /** The subnetwork, in the zone's region. Default: the network's own. */
  subnetwork: text('a subnetwork').optional(),
  /** Its address in the internet: ephemeral is another one at each start. */
  externalAddress: externalAddress.default('ephemeral'),
  /** Which of its network interfaces is used, from 0. */
  networkInterface: whole(0, 7).default(0),
  /** Which of its addresses the proxy forwards to. */
  reach: z.enum(['external', 'internal']).default('external'),
  /** That it listens on. */
  port: port.default(80),
  /** File of credentials. Relative to the configuration file's folder. Default: those of the worker's environment. */
  credentials: text('a file').optional(),
  /** Of Compute Engine. Without https no credentials are sent. */
  api: webUrl.default('https://compute.googleapis.com/compute/v1'),
  /** Between two looks at what runs, which find machines that the cloud has stopped. */
  interval: span.default(10 * SECOND),
  /** How long a call is tried again that is throttled or not answered. */
  patience: duration.default(120 * SECOND),
});

/** Families of machine types that come with GPUs (https://cloud.google.com/compute/docs/gpus). */
const WITH_GPUS = /^(a[2-4]x?|g[24])-/;

/** Of settings of the provider `gce`: whether its machine has GPUs, attached or with its type. */
export const hasGpus = ({
  accelerators,
  machineType,
}: Pick<z.infer<typeof gceSettings>, 'accelerators' | 'machineType'>): boolean =>
  accelerators !== undefined || WITH_GPUS.test(machineType);
