import type { SettingsOf } from '../../../config/index.js';
import type { Endpoint } from '../../../workflows/messages.js';
import type { Accelerator } from './accel.js';
import type { DiskFile } from './disk.js';
import { SAVED } from './memory.js';
import { QMP_SOCKET } from './qmp.js';

type Settings = SettingsOf<'qemu'>;
/** A machine's parts that were made for it. */
export interface Parts {
  readonly name: string;
  readonly accelerator: Accelerator;
  /** Where the network's first port is on this host. */
  readonly endpoint: Endpoint;
  readonly disk: DiskFile | undefined;
  /** Folder of cloud-init's files, in the machine's working directory. */
  readonly seed: string | undefined;
  /** Goes on with the memory that was saved. */
  readonly restores: boolean;
  /** Absolute paths of the kernel's files. */
  readonly kernel: { image: string; ramdisk: string | undefined; append: string } | undefined;
}

const MIB = 1024 * 1024;

/**
 * QEMU's command line. The serial console is the process's output. Values that could hold a comma are given as JSON or
 * as an argument of their own.
 */
export function machineCommand(settings: Settings, parts: Parts): string[] {
  const { name, accelerator } = parts;
  const cpu = settings.cpu ?? (accelerator === 'kvm' ? 'host' : undefined);
  return [
    settings.program,
    ...['-name', name, '-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-accel', accelerator, '-m', String(Math.ceil(settings.memory / MIB)), '-smp', String(settings.cpus)],
    ...(cpu === undefined ? [] : ['-cpu', cpu]),
    // Opened again, and for appending: its size is kept by emptying it.
    ...['-chardev', 'file,id=console,path=/dev/stdout,append=on', '-serial', 'chardev:console'],
    ...['-qmp', `unix:${QMP_SOCKET},server=on,wait=off`],
    ...['-device', 'virtio-rng-pci'],
    ...kernelArguments(parts),
    ...diskArguments(parts),
    ...networkArguments(settings, parts.endpoint),
    ...(parts.restores ? ['-incoming', `exec:cat ${SAVED}`] : []),
    ...settings.arguments,
  ];
}

function kernelArguments({ kernel }: Parts): string[] {
  if (kernel === undefined) return [];
  const { image, ramdisk, append } = kernel;
  return ['-kernel', image, ...(ramdisk === undefined ? [] : ['-initrd', ramdisk]), '-append', append];
}

function diskArguments({ disk, seed }: Parts): string[] {
  const drive = (id: string, node: object) => [
    ...['-blockdev', JSON.stringify({ 'node-name': id, ...node })],
    ...['-device', `virtio-blk-pci,drive=${id}`],
  ];
  return [
    ...(disk === undefined
      ? []
      : drive('disk', { driver: disk.format, file: { driver: 'file', filename: disk.file } })),
    // NoCloud looks for a file system with this label.
    ...(seed === undefined
      ? []
      : drive('seed', { driver: 'vvfat', dir: seed, label: 'cidata', 'read-only': true })),
  ];
}

function networkArguments({ network, guestPort, forwards }: Settings, endpoint: Endpoint): string[] {
  if (network === 'none') return [];
  const device = (more: string) => ['-device', `virtio-net-pci,netdev=net,romfile=${more}`];
  if (network !== 'user') {
    const mac = network.mac === undefined ? '' : `,mac=${network.mac}`;
    return ['-netdev', `tap,id=net,ifname=${network.tap},script=no,downscript=no`, ...device(mac)];
  }
  const all = [
    { protocol: 'tcp', address: endpoint.host, host: endpoint.port, guest: guestPort },
    ...forwards,
  ];
  const words = all.map(
    ({ protocol, address, host, guest }) => `,hostfwd=${protocol}:${address}:${host}-:${guest}`,
  );
  return ['-netdev', `user,id=net${words.join('')}`, ...device('')];
}
