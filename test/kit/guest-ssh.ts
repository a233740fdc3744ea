import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { engine, needs } from './engines.js';
import { copyProgram, GUEST_ENGINES, makeGuest } from './guest.js';

/** What `makeSshGuest` needs beside what a guest needs. */
const PROGRAMS = [...GUEST_ENGINES, 'dropbearkey', 'sftp-server', 'rsync', 'ssh'];
const APPLETS = ['sed', 'tar', 'ls', 'uptime', 'ps', 'chmod', 'touch', 'rm'];
/**
 * What a system with cloud-init and an installed sshd does: lets those keys in that its user-data lists, and keeps its
 * host keys on its disk, which begins with a tar archive of them here (at a disk of zeros tar alone would read on to its end).
 */
const SEED = `mkdir -p /home/debian/.ssh
sed -n 's/^ *- ssh-/ssh-/p' /seed/user-data > /home/debian/.ssh/authorized_keys
cd /etc/dropbear
head -c 65536 /dev/vda | tar -x 2>/dev/null
if [ ! -f dropbear_ed25519_host_key ]; then
  dropbearkey -t ed25519 -f dropbear_ed25519_host_key > /dev/null 2>&1
  tar -cf /dev/vda dropbear_ed25519_host_key
  sync
fi
`;

/** For tests with `makeSshGuest`: skipped where a part of it is absent. */
export const needsSshGuest = (): { skip: string | false } =>
  PROGRAMS.map(needs).find(({ skip }) => skip !== false) ?? { skip: false };

/**
 * A guest that stands for one of Debian's cloud images, with a disk of at least a MiB: its user is `debian`, its
 * cloud-config says who may log in, its host keys stay; with sftp and rsync.
 * @returns settings of the provider qemu.
 */
export function makeSshGuest(folder: string) {
  const settings = makeGuest(folder, undefined, (root) => {
    copyProgram(root, engine('dropbearkey'), 'dropbearkey');
    copyProgram(root, engine('rsync'), 'rsync');
    // Where dropbear looks for it.
    copyProgram(root, engine('sftp-server'), 'sftp-server', 'usr/lib');
    for (const applet of APPLETS) symlinkSync('busybox', join(root, 'bin', applet));
    writeFileSync(join(root, 'seed.sh'), SEED);
    // Another name of root's, since nothing here has to be kept from anybody.
    mkdirSync(join(root, 'home/debian'), { recursive: true });
    writeFileSync(join(root, 'etc/passwd'), 'debian::0:0:debian:/home/debian:/bin/sh\n');
  });
  return { ...settings, memory: '256MiB' };
}
