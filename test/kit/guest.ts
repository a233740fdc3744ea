import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { cpioOf } from './cpio.js';
import { engine, needs } from './engines.js';

/** Programs without which tests of virtual machines are skipped. */
export const GUEST_ENGINES = ['qemu-system-x86_64', 'qemu-img', 'guest-kernel', 'busybox', 'dropbear', 'ldd'];
/** In the order in which they have to be loaded. */
const MODULES = [
  ...['drivers/virtio/virtio_ring', 'drivers/virtio/virtio', 'drivers/virtio/virtio_pci_legacy_dev'],
  ...['drivers/virtio/virtio_pci_modern_dev', 'drivers/virtio/virtio_pci', 'drivers/block/virtio_blk'],
  ...['net/core/failover', 'drivers/net/net_failover', 'drivers/net/virtio_net'],
  ...['drivers/acpi/button', 'drivers/input/evdev'],
  ...['fs/nls/nls_cp437', 'fs/nls/nls_ascii', 'fs/fat/fat', 'fs/fat/vfat'],
];
const INIT = `#!/bin/sh
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/pts; mount -t devpts devpts /dev/pts
for module in ${MODULES.map((path) => basename(path)).join(' ')}; do insmod /modules/$module.ko; done
ifconfig lo 127.0.0.1; ifconfig eth0 "\${ADDRESS:-10.0.2.15}"
acpid -f -c /etc/acpi -l /dev/null &
if [ -f /app.sh ]; then
  busybox sh /app.sh &
  echo $! > /app.pid
  wait $!
  poweroff -f
fi
seed=$(findfs LABEL=cidata) && mount -t vfat -o ro "$seed" /seed && sh "$([ -f /seed.sh ] && echo /seed.sh || echo /seed/user-data)"
httpd -p 80 -h /www
dropbear -R -E -B -p 22
echo the guest is up
while :; do sleep 1000; done
`;
/** Which run of the guest's kernel answers, and what its disk begins with. */
const STATE = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
cat /proc/sys/kernel/random/boot_id
[ -b /dev/vda ] && head -c 8 /dev/vda
exit 0
`;
/** Writes the query's first 8 letters to the disk, and waits until they are there. */
const WRITE = `#!/bin/sh
printf '%s' "$QUERY_STRING" | dd of=/dev/vda bs=8 count=1 conv=fsync 2>/dev/null
printf 'Content-Type: text/plain\\r\\n\\r\\nwritten\\n'
`;
const POWER = `#!/bin/sh
echo the power button was pressed > /dev/console
if [ -f /app.pid ]; then kill $(cat /app.pid); exit; fi
sync
poweroff -f
`;

/** For tests of virtual machines: skipped where a part of them is absent. */
export const needsGuest = (): { skip: string | false } =>
  GUEST_ENGINES.map(needs).find(({ skip }) => skip !== false) ?? { skip: false };

/**
 * Debian's kernel with a root file system of busybox and dropbear: answers HTTP on port 80 (/, /cgi-bin/state,
 * /cgi-bin/write?TEXT) and ssh on 22, where root has no password, and shuts down by its power button. With ADDRESS on the
 * kernel's command line that is its own; user-data on a disk that is called cidata runs as a script, as cloud-init has it,
 * or a script /seed.sh reads it.
 * @param application a script that runs instead of these; the power button sends it SIGTERM, and its end is the
 *   machine's.
 * @param furnish puts more into the folder that becomes its root file system.
 * @returns settings of the provider qemu.
 */
export function makeGuest(folder: string, application?: string, furnish?: (root: string) => void) {
  const root = join(folder, 'guest');
  for (const name of [
    'bin',
    'tmp',
    'dev',
    'proc',
    'sys',
    'modules',
    'root',
    'var/run',
    'seed',
    'www/cgi-bin',
    'etc/dropbear',
  ])
    mkdirSync(join(root, name), { recursive: true });
  mkdirSync(join(root, 'etc/acpi/PWRF'), { recursive: true });
  copyProgram(root, engine('busybox'), 'busybox');
  copyProgram(root, engine('dropbear'), 'dropbear');
  const tools = [
    'sh',
    'mount',
    'mkdir',
    'insmod',
    'ifconfig',
    'acpid',
    'httpd',
    'sleep',
    'cat',
    'head',
    'dd',
    'findfs',
  ];
  for (const tool of [...tools, 'poweroff', 'sync', 'echo']) symlinkSync('busybox', join(root, 'bin', tool));
  const kernel = engine('guest-kernel');
  const modules = join(dirname(kernel), 'modules');
  for (const path of MODULES)
    copyFileSync(join(modules, `${path}.ko`), join(root, 'modules', `${basename(path)}.ko`));
  const script = (name: string, text: string) => writeFileSync(join(root, name), text, { mode: 0o755 });
  script('init', INIT);
  script('www/cgi-bin/state', STATE);
  script('www/cgi-bin/write', WRITE);
  script('etc/acpi/PWRF/00000080', POWER);
  if (application !== undefined) copyFileSync(application, join(root, 'app.sh'));
  writeFileSync(join(root, 'www/index.html'), 'here\n');
  writeFileSync(join(root, 'etc/passwd'), 'root::0:0:root:/root:/bin/sh\n');
  writeFileSync(join(root, 'etc/shells'), '/bin/sh\n');
  furnish?.(root);
  const ramdisk = join(folder, 'ramdisk.cpio');
  writeFileSync(ramdisk, cpioOf(root));
  return {
    kernel: { image: kernel, ramdisk, append: 'console=ttyS0 quiet' },
    memory: '192MiB',
    accel: 'tcg',
  };
}

/** Copies a program into the guest, with the libraries that it is linked to. @param place its folder there. */
export function copyProgram(root: string, program: string, name: string, place = 'bin'): void {
  mkdirSync(join(root, place), { recursive: true });
  copyFileSync(program, join(root, place, name));
  chmodSync(join(root, place, name), 0o755);
  for (const [library] of linked(program).matchAll(/\/\S+\.so\S*/g)) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
}

function linked(program: string): string {
  try {
    return execFileSync('ldd', [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    // Static.
    return '';
  }
}
