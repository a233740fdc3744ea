import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { fileOrImage } from '../image-schema.js';
import { duration, size } from '../units.js';
import { flag, port, reference, text, whole } from '../values.js';
import { wants } from '../wording.js';

const SECOND = 1000;

const IPV4 = wants('an IPv4 address', 'an IPv4 address such as 127.0.0.1');
const MAC = wants('a MAC address', 'six pairs of hexadecimal digits such as 52:54:00:12:34:56');
const NETWORK = wants('a network', 'user, none or { tap: NAME }');
const DEVICE = wants('a network device', '1 to 15 of a-z, A-Z, 0-9, . _ and -');

const disk = z.strictObject({
  /** The image's file, relative to the configuration file's folder; or where it is fetched from. */
  image: fileOrImage,
  /** Of the image as the machine gets it (one that is fetched is converted); told, not guessed, since a guest could write what a guess is made from. */
  format: z.enum(['qcow2', 'raw']).default('qcow2'),
  /** What the machine writes goes to a file of its own, and the image stays as it is; false: into the image. */
  overlay: flag().default(true),
  /** Of the overlay as the machine sees it. Default: the image's. */
  size: size.optional(),
});

const forward = z.strictObject({
  /** Port of this host. */
  host: port,
  /** Port of the machine that it leads to. */
  guest: port,
  /** Address of this host. */
  address: z.string({ error: IPV4 }).refine(isIPv4, IPV4).default('127.0.0.1'),
  /** What is forwarded. */
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
});

const tap = z.strictObject({
  /** An existing device, which the worker's user may open. The endpoint is then the machine's own address. */
  tap: z.string({ error: DEVICE }).regex(/^[A-Za-z0-9._-]{1,15}$/, { error: DEVICE }),
  /** Of the machine. Default: QEMU's own, which two machines on one bridge cannot share. */
  mac: z
    .string({ error: MAC })
    .regex(/^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/, { error: MAC })
    .optional(),
});

/** Settings of the provider `qemu`. */
export const qemuSettings = z.strictObject({
  /** What the machine boots from. Default: its kernel and ramdisk alone. */
  disk: disk.optional(),
  /** A kernel to boot directly, without the disk's boot loader. */
  kernel: z
    .strictObject({
      /** Its file, relative to the configuration file's folder; or where it is fetched from. */
      image: fileOrImage,
      /** Its first root file system, likewise. */
      ramdisk: fileOrImage.optional(),
      /** Its command line. */
      append: reference.default('console=ttyS0'),
    })
    .optional(),
  /** The machine's memory. */
  memory: size.default(512 * 1024 * 1024),
  /** Its processors. */
  cpus: whole(1, 255).default(1),
  /** Its model of processor, as QEMU names them. Default: the host's own with KVM, else QEMU's default. */
  cpu: text('a processor').optional(),
  /** auto: KVM where a machine can be seen to run with it, else emulation, which is many times slower. */
  accel: z.enum(['auto', 'kvm', 'tcg']).default('auto'),
  /** user: QEMU's own, without rights; none; or a tap device. */
  network: z.union([z.enum(['user', 'none'], { error: NETWORK }), tap], { error: NETWORK }).default('user'),
  /** Port of the machine that the endpoint leads to, with network: user. */
  guestPort: port.default(80),
  /** Further ports, with network: user. They are there only while the machine is awake. */
  forwards: z.array(forward).default([]),
  /** Seen by cloud-init as a NoCloud disk. */
  cloudInit: z
    .strictObject({
      /** Text of user-data, such as ${file:user-data.yaml}. */
      userData: reference,
      /** Text of meta-data. Default: an instance-id and host name that are the resource's name. */
      metaData: reference.optional(),
      /** Text of network-config. */
      networkConfig: reference.optional(),
    })
    .optional(),
  /** Further arguments of QEMU, at the end. */
  arguments: z.array(reference).default([]),
  /** QEMU itself. */
  program: text('a program').default('qemu-system-x86_64'),
  /** From the power button to the end by force. */
  grace: duration.default(60 * SECOND),
  /** Bound of the log, which is the serial console; one older file of the same size is kept beside it. */
  logSize: size.default(1_000_000),
});
